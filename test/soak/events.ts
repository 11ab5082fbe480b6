/** What is done to the sidecar while it serves, each until it is over and what it is for has come about. */
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventKind } from './options.ts';
import { brokenScript, goodScript, groups, scriptOf } from './site.ts';
import { isAlive, type SeenGroup, type Subject, waitFor } from './subject.ts';
import type { SoakEvent } from './tally.ts';

export type EventContext = {
  readonly subject: Subject;
  readonly random: () => number;
  /** The newest version that a group has answered with. */
  readonly versionOf: (group: string) => number;
  /** Processes that this has killed. */
  readonly killed: Set<number>;
  /** Nobody wants to know any more how it ends. */
  readonly interrupted: AbortSignal;
};

/** How long what an event is for may take on a busy machine. */
const SETTLE_MS = 30_000;
/** Enough for a broken script to be tried, and refused. */
const BROKEN_MS = 2_000;
/** Longer than the sidecar takes to see that a process is frozen. */
const FROZEN_MS = 45_000;

type Step = (context: EventContext, group: string) => Promise<void>;

const steps: Readonly<Record<EventKind, Step>> = {
  deploy,
  'broken deploy': brokenDeploy,
  restart,
  reload,
  configuration,
  upgrade: ({ subject, interrupted }) => subject.upgrade(interrupted),
  kill: killProcess,
  freeze,
};

/** Does it, to a random group where it is a group's matter; a problem is part of the event. */
export async function runEvent(kind: EventKind, context: EventContext): Promise<SoakEvent> {
  const group = groups[Math.floor(context.random() * groups.length)]?.name ?? '';
  const isGroups = !['reload', 'configuration', 'upgrade'].includes(kind);
  const startedAt = Date.now();
  const problem = await steps[kind](context, group).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const detail = isGroups ? group : '';
  return { kind, detail, startedAt, endedAt: Date.now(), ...(problem === undefined ? {} : { problem }) };
}

async function deploy(context: EventContext, group: string): Promise<void> {
  const version = nextVersion(context, group);
  writeFileSync(scriptOf(context.subject.folder, group), goodScript(version));
  await untilServed(context, group, version);
}

/** The old version goes on until a good one comes. */
async function brokenDeploy(context: EventContext, group: string): Promise<void> {
  writeFileSync(scriptOf(context.subject.folder, group), brokenScript);
  await delay(BROKEN_MS);
  await deploy(context, group);
}

async function restart({ subject }: EventContext, group: string): Promise<void> {
  const { id } = await find(subject, group);
  expectDone('restart', await subject.ask('POST', `/api/groups/${id}/restart`));
}

/** Half of them by the signal, which answers nothing. */
async function reload({ subject, random }: EventContext): Promise<void> {
  if (random() < 0.5) {
    process.kill(subject.pid, 'SIGHUP');
    await delay(1_000);
  } else expectDone('reload', await subject.ask('POST', '/api/reload'));
}

async function configuration({ subject }: EventContext): Promise<void> {
  subject.changeSettings();
  expectDone('reload', await subject.ask('POST', '/api/reload'));
}

async function killProcess(context: EventContext, group: string): Promise<void> {
  const { killed } = context;
  const pid = await pick(context, group);
  killed.add(pid);
  process.kill(pid, 'SIGKILL');
  await untilReplaced(context, group, pid);
}

/** A process that is stopped keeps its requests until the sidecar sees that, and ends it. */
async function freeze(context: EventContext, group: string): Promise<void> {
  const { killed, interrupted } = context;
  const pid = await pick(context, group);
  killed.add(pid);
  process.kill(pid, 'SIGSTOP');
  if (await waitFor(() => !isAlive(pid), FROZEN_MS, interrupted)) {
    await untilReplaced(context, group, pid);
    return;
  }
  process.kill(pid, 'SIGCONT');
  throw new Error(`Process ${pid} was frozen for ${FROZEN_MS / 1000} s and not replaced`);
}

function nextVersion({ versionOf }: EventContext, group: string): number {
  return versionOf(group) + 1;
}

async function untilServed(
  { versionOf, interrupted }: EventContext,
  group: string,
  version: number,
): Promise<void> {
  if (await waitFor(() => versionOf(group) >= version, SETTLE_MS, interrupted)) return;
  throw new Error(`Version ${version} of "${group}" was not served within ${SETTLE_MS / 1000} s`);
}

async function untilReplaced(
  { subject, interrupted }: EventContext,
  group: string,
  old: number,
): Promise<void> {
  const isReplaced = async (): Promise<boolean> =>
    (await find(subject, group)).processes.some(({ pid, state }) => state === 'ready' && pid !== old);
  if (await waitFor(isReplaced, SETTLE_MS, interrupted)) return;
  throw new Error(`Group "${group}" has no process ${SETTLE_MS / 1000} s after process ${old} was gone`);
}

async function pick({ subject, random, interrupted }: EventContext, group: string): Promise<number> {
  let pids: readonly number[] = [];
  await waitFor(
    async () => {
      const { processes } = await find(subject, group);
      pids = processes.filter(({ state }) => state === 'ready').map(({ pid }) => pid);
      return pids.length > 0;
    },
    SETTLE_MS,
    interrupted,
  );
  const pid = pids[Math.floor(random() * pids.length)];
  if (pid === undefined) throw new Error(`Group "${group}" has no process`);
  return pid;
}

async function find(subject: Subject, group: string): Promise<SeenGroup> {
  const found = (await subject.groups()).find(({ processGroup }) => processGroup === group);
  if (found === undefined) throw new Error(`The sidecar shows no group "${group}"`);
  return found;
}

function expectDone(what: string, { status, text }: { status: number; text: string }): void {
  if (status !== 200) throw new Error(`The ${what} was answered with ${status}: ${text.trim()}`);
}
