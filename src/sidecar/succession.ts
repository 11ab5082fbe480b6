/** The upgrade of this sidecar: what a successor is given, one at a time, and the moment from which this one is the old one. */

import type { UpgradeOutcome } from '../../routes/model.ts';
import type { GroupSnapshot } from '../groups/snapshot.ts';
import type { Log } from '../log.ts';
import { type GroupKey, groupKey } from '../routing/group-key.ts';
import type { RouteRequest } from '../routing/route.ts';
import type { OpenSocket } from '../supervisor/open-sockets.ts';
import { startSuccessor } from '../supervisor/successor.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';

export type SuccessionDeps = {
  /** Node and the command line of this sidecar; absent where a sidecar is a part of another program. */
  readonly command?: readonly string[];
  /** The sidecars before this one. */
  readonly successorOf?: readonly number[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly log: Log;
  readonly supervisor: Pick<Supervisor<never>, 'state' | 'betweenReloads'>;
  readonly sockets: () => readonly OpenSocket[];
  readonly groups: () => readonly GroupSnapshot[];
  /** One that led to a group. */
  readonly requestOf: (key: GroupKey) => RouteRequest | undefined;
};

export type Succession = {
  upgrade(): Promise<UpgradeOutcome>;
  /** Resolves when a successor serves: this sidecar is to hand over its doors and to end. */
  readonly succeeded: Promise<void>;
  /** This sidecar ends without a successor: one that is on its way is ended. */
  callOff(): void;
};

/** The start of all groups, four at a time, takes as long as it takes; beyond this something is stuck. */
const SUCCESSOR_TIMEOUT_MS = 120_000;

const NOT_TRIED: UpgradeOutcome = { result: 'kept', detail: 'The upgrade was not tried' };

export function createSuccession(deps: SuccessionDeps): Succession {
  const over = new AbortController();
  let isUnderWay = false;
  let succeed: () => void = () => undefined;
  const succeeded = new Promise<void>((resolve) => {
    succeed = resolve;
  });
  const upgrade = async (): Promise<UpgradeOutcome> => {
    const refusal = whyNot(deps, isUnderWay);
    if (refusal !== undefined) return { result: 'kept', detail: refusal };
    isUnderWay = true;
    let outcome: UpgradeOutcome = NOT_TRIED;
    await deps.supervisor.betweenReloads(async () => {
      outcome = await tryUpgrade(deps, over.signal);
      return outcome.result === 'succeeded';
    });
    if (outcome.result === 'succeeded') succeed();
    else isUnderWay = false;
    return outcome;
  };
  return { upgrade, succeeded, callOff: () => over.abort() };
}

function whyNot({ command, supervisor: { state } }: SuccessionDeps, isUnderWay: boolean): string | undefined {
  if (isUnderWay) return 'Another upgrade is under way: wait for its end';
  if (command === undefined) return 'This sidecar is a part of another program: only "run" can be upgraded';
  return state === 'ready' ? undefined : `The sidecar is ${state}: upgrade one that is ready`;
}

async function tryUpgrade(deps: SuccessionDeps, signal: AbortSignal): Promise<UpgradeOutcome> {
  const { command = [], environment, version, log } = deps;
  log.info({}, 'Upgrade: starting the successor');
  const groups = deps
    .groups()
    .filter(({ state }) => state === 'ready')
    .map(({ id, identity, imported }) => {
      const request = deps.requestOf(groupKey(identity));
      return { id, identity, imported, ...(request === undefined ? {} : { request }) };
    });
  const outcome = await startSuccessor(
    { sockets: deps.sockets(), groups, predecessors: [process.pid, ...(deps.successorOf ?? [])] },
    { command, environment, timeoutMs: SUCCESSOR_TIMEOUT_MS, signal },
  );
  if (outcome.kind === 'failed') {
    log.error({ problem: outcome.message }, 'Upgrade failed: this sidecar goes on');
    return { result: 'kept', detail: outcome.message };
  }
  log.info({ successor: outcome.pid }, 'Upgrade: the successor serves');
  const predecessor = { pid: process.pid, version };
  return { result: 'succeeded', pid: outcome.pid, version: outcome.version, predecessor };
}
