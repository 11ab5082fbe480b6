/** What Linux tells in `/proc` (proc(5)) of a group process and of those that it has started. */
import { readdirSync, readFileSync } from 'node:fs';

type Entry = { readonly parent: number; readonly processGroup: number; readonly session: number };

/** Whether a process is stopped by a signal; a debugger's stop ("t") is its own affair. */
export function isStopped(pid: number): boolean {
  return statOf(pid)?.[0] === 'T';
}

/** Where `statOf` has the size of the memory: field 23 of proc(5). */
const MEMORY_FIELD = 20;

/**
 * Whether a process runs still. One that ends gives up its memory before it closes its descriptors, so whoever has seen it break
 * a connection by its end is told the truth here, milliseconds before the end itself can be heard of.
 */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  if (stat === undefined) return exists(pid);
  const [state] = stat;
  return state !== 'Z' && state !== 'X' && stat[MEMORY_FIELD] !== '0';
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Whether a process has a handler for a signal, which would else end it. */
export function doesCatch(pid: number, signal: number): boolean {
  const mask = readText(`/proc/${pid}/status`)?.match(/^SigCgt:\s+([0-9a-f]+)/m)?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

/** The processes of the machine at one moment, read once for all groups that ask within a short while. */
export class ProcessTable {
  readonly #now: () => number;
  readonly #maxAgeMs: number;
  #readAt = Number.NEGATIVE_INFINITY;
  #entries: ReadonlyMap<number, Entry> = new Map();

  constructor(now: () => number, maxAgeMs: number) {
    this.#now = now;
    this.#maxAgeMs = maxAgeMs;
  }

  /**
   * The pids of a group process and of all that it has started, as far as they can be known: those of its process group and its
   * session, and the descendants of these. Who has left both and has lost its parent is not among them.
   */
  familyOf(leader: number): readonly number[] {
    const entries = this.#recent();
    const family = new Set([leader]);
    for (const [pid, { processGroup, session }] of entries) {
      if (processGroup === leader || session === leader) family.add(pid);
    }
    // Parents may have higher pids than their children when numbers have come round.
    for (let before = 0; before !== family.size; ) {
      before = family.size;
      for (const [pid, { parent }] of entries) if (family.has(parent)) family.add(pid);
    }
    return [...family];
  }

  /** Resident memory of the family in bytes; undefined when the leader is gone. */
  residentBytes(leader: number): number | undefined {
    if (residentBytesOf(leader) === undefined) return undefined;
    return this.familyOf(leader).reduce((sum, pid) => sum + (residentBytesOf(pid) ?? 0), 0);
  }

  #recent(): ReadonlyMap<number, Entry> {
    if (this.#now() - this.#readAt > this.#maxAgeMs) {
      this.#readAt = this.#now();
      this.#entries = readEntries();
    }
    return this.#entries;
  }
}

function readEntries(): ReadonlyMap<number, Entry> {
  const entries = new Map<number, Entry>();
  for (const name of listProc()) {
    const pid = Number(name);
    const [, parent, processGroup, session] = (Number.isInteger(pid) ? statOf(pid) : undefined) ?? [];
    if (session === undefined) continue;
    entries.set(pid, {
      parent: Number(parent),
      processGroup: Number(processGroup),
      session: Number(session),
    });
  }
  return entries;
}

function listProc(): readonly string[] {
  try {
    return readdirSync('/proc');
  } catch {
    // No descriptors are left: nobody is known, which harms nobody.
    return [];
  }
}

/** The fields after the command, which stands in parentheses and may hold any character: state, parent, group, session, … */
function statOf(pid: number): readonly string[] | undefined {
  const text = readText(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function residentBytesOf(pid: number): number | undefined {
  const match = readText(`/proc/${pid}/status`)?.match(/^VmRSS:\s+(\d+) kB/m);
  return match ? Number(match[1]) * 1024 : undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
