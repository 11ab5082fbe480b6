/**
 * Uploads, and requests behind others, that are held back because the application is not so far. Nothing is read of such a connection, so that Node does not hear
 * when its client leaves; the kernel's table of connections tells (proc(5), `/proc/net/tcp`; include/net/tcp_states.h). Unix sockets and
 * other systems tell nothing: there the client is missed when the application reads on.
 */
import { readFile, readlink } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { cutOff } from '../http/cut-off.ts';

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** `TCP_CLOSE` and `TCP_CLOSE_WAIT`: reset, or ended by the client. */
const LEFT: ReadonlySet<string> = new Set(['07', '08']);
const LONGEST_INTERVAL_MS = 5_000;
const SHORTEST_INTERVAL_MS = 50;
/** Parts of the time that a client may be silent. */
const LOOKS = 6;

type Held = {
  readonly answer: { readonly isEnded: boolean };
  /** How many times a look did not find the connection; a table is read in pieces and may miss one. */
  missed: number;
};

/** Looks only while there is something to look after. */
export class HeldUploads {
  readonly #intervalMs: number;
  readonly #held = new Map<Socket, Held>();
  #timer: NodeJS.Timeout | undefined;

  /** `bodyTimeoutMs` is the limit of silence, 0 for none. */
  constructor(bodyTimeoutMs: number) {
    const share = bodyTimeoutMs > 0 ? bodyTimeoutMs / LOOKS : LONGEST_INTERVAL_MS;
    this.#intervalMs = Math.max(SHORTEST_INTERVAL_MS, Math.min(LONGEST_INTERVAL_MS, share));
  }

  /** An answer that has ended goes on leaving: its client may have ended its own side and still read. */
  hold(socket: Socket, answer: Held['answer']): void {
    this.#held.set(socket, { answer, missed: 0 });
    this.#timer ??= setInterval(() => void this.look(), this.#intervalMs).unref();
  }

  release(socket: Socket): void {
    if (!this.#held.delete(socket) || this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Cuts off who has left. */
  async look(): Promise<void> {
    const sockets = [...this.#held.keys()];
    const states = await readStates();
    if (states.size === 0) return;
    await Promise.all(sockets.map(async (socket) => this.#judge(socket, states.get(await inodeOf(socket)))));
  }

  #judge(socket: Socket, state: string | undefined): void {
    const held = this.#held.get(socket);
    if (held === undefined || held.answer.isEnded) return;
    if (state === undefined && held.missed === 0) held.missed = 1;
    else if (state === undefined || LEFT.has(state)) {
      this.release(socket);
      cutOff(socket);
    } else held.missed = 0;
  }
}

/** States by inode; empty where the system has no such table. */
async function readStates(): Promise<ReadonlyMap<string, string>> {
  const texts = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => '')));
  const states = new Map<string, string>();
  for (const line of texts.join('\n').split('\n')) {
    const [, , , state = '', , , , , , inode] = line.trim().split(/\s+/);
    if (inode !== undefined) states.set(inode, state);
  }
  return states;
}

/** Empty where the descriptor is gone. */
async function inodeOf(socket: Socket): Promise<string> {
  const { _handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  const link = await readlink(`/proc/self/fd/${_handle?.fd ?? -1}`).catch(() => '');
  return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? '';
}
