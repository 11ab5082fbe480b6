/**
 * What it takes to start a group: one value, made from the site's process group and the settings.
 * Two plans that are deeply equal need no new process. Names and paths are byte strings, as in `site/`;
 * `python`, `pythonHome` and `environment` are ordinary text, because Node hands them to the system.
 */
import { createHash } from 'node:crypto';
import type { GroupIdentity, GroupKey } from '../routing/group-key.ts';
import type { LifePlan } from './plan-life.ts';
import type { Restrictions } from './python-options.ts';
import type { Runner } from './runners/runner.ts';

/** A script to import before a process counts as ready. */
export type ScriptImport = { readonly script: string; readonly callableObject: string };

/** Limits that the launcher sets: `memory-limit`, `virtual-memory-limit` (bytes) and `cpu-time-limit` (seconds). */
export type ProcessLimits = { readonly data?: number; readonly as?: number; readonly cpu?: number };

export type GroupPlan = {
  readonly identity: GroupIdentity;
  readonly key: GroupKey;
  /** 12 hex digits of the key's SHA-256: file names, `/api/groups/:id`, the command line. */
  readonly id: string;
  /** Embedded mode answers 404 for a missing callable, daemon mode 500; embedded reloads a script in place. */
  readonly mode: 'embedded' | 'daemon';
  readonly runner: Runner;
  /** At most this many at once; the second and later ones start when requests wait. */
  readonly processes: number;
  readonly threads: number;
  /** What `wsgi.multiprocess` says. */
  readonly multiprocess: boolean;
  /** The interpreter, a path or a name looked up in PATH; `pythonHome`, where given, goes first. */
  readonly python: string;
  readonly pythonPath: readonly string[];
  readonly pythonHome?: string;
  /** Whole environment of the process; nothing else is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly group?: string;
  /** Undefined: what initgroups would set for the user. */
  readonly supplementaryGroups?: readonly string[];
  /** Whether applications may run as root when no user is given. */
  readonly allowRoot: boolean;
  readonly home?: string;
  /** Whether the home was asked for: then scripts import from it, as under mod_wsgi. */
  readonly isHomeOnPath: boolean;
  readonly chroot?: string;
  readonly umask?: string;
  readonly nice?: number;
  readonly limits: ProcessLimits;
  readonly displayName?: string;
  /** `locale=`: what setlocale(3) is told, besides LC_ALL in the environment. */
  readonly locale?: string;
  readonly imports: readonly ScriptImport[];
  /** The `WSGIDispatchScript` that the group runs in place of applications. */
  readonly dispatchScript?: string;
  readonly scriptReloading: boolean;
  readonly restrictions: Restrictions;
  readonly modWsgiVersion: readonly [number, number, number];
  /** From the start of a process to its being ready. */
  readonly startTimeoutMs: number;
  /** `startup-timeout`: from a process's first request to its first script that loads. */
  readonly startupTimeoutMs?: number;
  readonly drainTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly queueLength: number;
  readonly queueTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** How long the process may be silent, or not be heard by, while a request is under way; absent: `responseTimeout`. */
  readonly socketTimeoutMs?: number;
  /** How long a client may leave an answer untaken. */
  readonly responseSocketTimeoutMs?: number;
  readonly listenBacklog: number;
  readonly sendBufferSizeBytes?: number;
  readonly receiveBufferSizeBytes?: number;
  /** Stack of each thread. */
  readonly stackSizeBytes?: number;
  readonly switchIntervalMs?: number;
  /** Who has to own scripts and their folders, else 403. */
  readonly scriptUser?: string;
  readonly scriptGroup?: string;
  /** When its processes are replaced, added and stopped. */
  readonly life: LifePlan;
};

/** The id that stands for a key in file names and addresses: keys hold any byte and any length. */
export function groupId(key: GroupKey): string {
  return createHash('sha256').update(key, 'latin1').digest('hex').slice(0, 12);
}
