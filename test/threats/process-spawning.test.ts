/** A request may cost a process: however many come, the number of processes, of starts at once and of starts in vain has an end. */
import { chmodSync, existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Lease, Refusal } from '../../src/groups/lease.ts';
import type { GroupSnapshot } from '../../src/groups/snapshot.ts';
import { IDENTITY, PYTHON, Stage, type StageOptions } from '../groups/stage.ts';
import { VirtualClock } from '../groups/virtual.ts';
import { mustRun } from '../support/real-process.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

async function open(options: StageOptions): Promise<Stage> {
  const stage = await Stage.open(options);
  onTestFinished(() => stage.close());
  return stage;
}

/** A Python that is none: a shell script in a folder that everybody may enter. */
function pythonOf(script: string): string {
  const folder = makeTemporaryFolder();
  onTestFinished(() => folder.remove());
  const path = folder.write('python', `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** `each` requests to each of so many groups, all at once. */
function flood(stage: Stage, groups: number, each: number): Promise<(Lease | Refusal)[]> {
  return Promise.all(
    Array.from({ length: groups * each }, (_, i) => {
      const identity = { ...IDENTITY, applicationGroup: `group-${i % groups}` };
      return stage.acquire(undefined, identity);
    }),
  );
}

const readyOf = ({ processes }: GroupSnapshot): readonly unknown[] =>
  processes.filter(({ state }) => state === 'ready');

const starts = ({ events }: Stage): number => events.filter((event) => event.startsWith('start:')).length;

describe('requests to many groups at once', () => {
  it('have no more processes than "maxProcesses" says; the others are told to come again', async () => {
    const settings = { threads: 1, processes: 4, queueTimeoutMs: 2_000, scaleUpAfterMs: 0 };
    const clock = new VirtualClock();
    const stage = await open({ settings, maxProcesses: 3, clock });
    const answered = flood(stage, 6, 4);
    await expect.poll(() => stage.pool.snapshot().flatMap(readyOf)).toHaveLength(3);
    await clock.pass(settings.queueTimeoutMs);
    const answers = await answered;
    const pids = answers.flatMap((answer) => (answer.kind === 'lease' ? [answer.upstream.pid] : []));
    const codes = answers.flatMap((answer) => (answer.kind === 'refusal' ? [answer.code] : []));
    expect(new Set(pids).size).toBe(3);
    expect(stage.pool.snapshot().flatMap(({ processes }) => processes)).toHaveLength(3);
    expect(starts(stage)).toBe(3);
    expect(codes).toContain('ERR_PROCESS_LIMIT');
    expect(codes.length).toBe(answers.length - pids.length);
  });

  it('start four processes at once, and the next when one of those is through', async () => {
    const ended = new AbortController();
    // Neither ready nor at an end; the clock stands still, so that none of them is late either.
    const settings = { python: pythonOf('exec cat >/dev/null'), threads: 1 };
    const stage = await open({ settings, clock: new VirtualClock() });
    const asked = Array.from({ length: 9 }, (_, i) =>
      stage.acquire(ended.signal, { ...IDENTITY, applicationGroup: `group-${i}` }),
    );
    await expect.poll(() => starts(stage)).toBe(4);
    await mustRun(PYTHON, ['-c', 'pass']);
    expect(starts(stage)).toBe(4);
    const [first] = stage.pool.snapshot().flatMap(({ processes }) => processes);
    process.kill(first?.pid as number, 'SIGKILL');
    await expect.poll(() => starts(stage)).toBe(5);
    void Promise.allSettled(asked);
    ended.abort();
  });
});

describe('requests to a group that cannot start', () => {
  it('start nothing while it backs off', async () => {
    const stage = await open({ settings: { python: pythonOf('exit 1') }, clock: new VirtualClock() });
    for (let i = 0; i < 20; i += 1) expect(await stage.refusal()).toMatchObject({ kind: 'refusal' });
    expect(starts(stage)).toBe(1);
  });
});

describe('names that hold words of a shell', () => {
  it('are names and nothing else', async () => {
    const folder = makeTemporaryFolder();
    onTestFinished(() => folder.remove());
    chmodSync(folder.path, 0o777);
    const evil = `$(touch ${folder.path}/made);\`touch ${folder.path}/made\`|touch ${folder.path}/made`;
    const stage = await open({ settings: { displayName: evil } });
    const lease = await stage.acquire(undefined, { processGroup: evil, applicationGroup: evil });
    expect(lease.kind).toBe('lease');
    expect(existsSync(`${folder.path}/made`)).toBe(false);
  });
});
