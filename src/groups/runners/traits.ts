/** What each runner can do, in one table: the proxy, the plan, `check` and MANUAL.md are made from it or held against it. */
import type { ForeignTraits } from '../lease.ts';
import type { Runner } from './runner.ts';

/** What one runner can and cannot do. */
export type RunnerFacts = {
  /** Requests that one process can have at once; the group's `threads` otherwise. */
  readonly mostThreads?: number;
  /** Whether a connection carries one request after another. */
  readonly keepsConnections: boolean;
};

/** By the runner's name in the settings. */
export const RUNNER_TABLE: Readonly<Record<Runner['kind'], RunnerFacts>> = {
  builtin: { keepsConnections: true },
  gunicorn: { keepsConnections: true },
  'gunicorn-sync': { keepsConnections: false, mostThreads: 1 },
  uwsgi: { keepsConnections: false },
  waitress: { keepsConnections: true },
  command: { keepsConnections: false },
  url: { keepsConnections: false },
};

/** What the proxy has to know; undefined for the built-in worker, to which it is made. */
export function foreignTraits(runner: Runner): ForeignTraits | undefined {
  if (runner.kind === 'builtin') return undefined;
  const { keepsConnections } = RUNNER_TABLE[runner.kind];
  return { keepsConnections, trustClose: 'trustClose' in runner && runner.trustClose };
}
