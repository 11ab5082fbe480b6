/**
 * What it takes to start a group: one value, made from the site's process group and the settings.
 * Two plans that are deeply equal need no new process.
 */
import type { GroupIdentity, GroupKey } from '../routing/group-key.ts';

/** A script to import before a process counts as ready. */
export type ScriptImport = { readonly script: string; readonly callableObject: string };

export type GroupPlan = {
  readonly identity: GroupIdentity;
  readonly key: GroupKey;
  /** 12 hex digits of the key's SHA-256: file names, `/api/groups/:id`, the command line. */
  readonly id: string;
  /** Embedded mode answers 404 for a missing callable, daemon mode 500; embedded reloads a script in place. */
  readonly mode: 'embedded' | 'daemon';
  readonly processes: number;
  readonly threads: number;
  /** What `wsgi.multiprocess` says. */
  readonly multiprocess: boolean;
  readonly python: string;
  readonly pythonPath: readonly string[];
  readonly pythonHome?: string;
  /** Whole environment of the process; nothing else is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly group?: string;
  readonly home?: string;
  readonly umask?: string;
  readonly displayName?: string;
  readonly imports: readonly ScriptImport[];
  readonly scriptReloading: boolean;
  readonly modWsgiVersion: readonly [number, number, number];
  readonly startupTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly queueLength: number;
  readonly queueTimeoutMs: number;
  readonly listenBacklog: number;
};
