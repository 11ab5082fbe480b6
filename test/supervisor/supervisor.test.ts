import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SidecarError } from '../../src/errors.ts';
import type { GroupObserver } from '../../src/groups/observer.ts';
import { GroupPool } from '../../src/groups/pool.ts';
import { buildSite } from '../../src/site/build.ts';
import type { Site } from '../../src/site/model.ts';
import type { ReloadOutcome } from '../../src/supervisor/reload.ts';
import { type Doors, type House, Supervisor, type SupervisorDeps } from '../../src/supervisor/supervisor.ts';

const nothing = (): void => undefined;
const observer: GroupObserver = {
  groupStateChanged: nothing,
  processStarted: nothing,
  processReady: nothing,
  processExited: nothing,
  processReplaced: nothing,
  groupDropped: nothing,
};

const NO_GROUPS = { unchanged: [], adopted: [], replaced: [], stopped: [], kept: [] };

type Text = { readonly site: Site; readonly text: string };

type Stage = {
  readonly supervisor: Supervisor<Text>;
  /** What is written in the file. */
  write(text: string): void;
  /** The outcomes that were told. */
  readonly told: ReloadOutcome[];
  /** What happened, in order. */
  readonly seen: string[];
  /** Lets the last answer end. */
  readonly endAnswers: () => void;
};

/** A supervisor over a pool without groups, whose doors stay open until told; a text `bad` is no configuration, `taken` wants a port that is taken. */
function createStage(broken: Partial<SupervisorDeps<Text>> = {}): Stage {
  const seen: string[] = [];
  const told: ReloadOutcome[] = [];
  let written = 'first';
  let endAnswers: () => void = nothing;
  const answered = new Promise<void>((resolve) => {
    endAnswers = resolve;
  });
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
  const pool = new GroupPool(
    {
      planOf: () => {
        throw new Error('No group is asked for here');
      },
      pythonFolder: '',
      runtimeDir: folder,
      guard: { register: nothing, unregister: nothing },
      observer,
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    },
    { maxGroups: 1 },
  );
  const supervisor: Supervisor<Text> = new Supervisor<Text>({
    read: () => {
      seen.push('read');
      const error = new SidecarError('ERR_CONFIG_SYNTAX', 'bad text');
      const configuration = { site: buildSite([]).site, text: written };
      return {
        fingerprint: written,
        result: written === 'bad' ? { kind: 'refused', error } : { kind: 'read', configuration },
      };
    },
    openHouse: async () => {
      seen.push('house');
      const close = async (): Promise<void> => {
        seen.push('house closed');
        rmSync(folder, { recursive: true });
      };
      const reload: House<Text>['reload'] = async (next) => {
        seen.push(`groups follow ${next.text}`);
        return { ...NO_GROUPS, unchanged: [next.text] };
      };
      return { pool, reload, close };
    },
    warmUp: async () => undefined,
    openDoors: async () => {
      seen.push('doors');
      const close = async (): Promise<void> => {
        seen.push('doors closing');
        await answered;
        seen.push('doors closed');
      };
      const destroy = (): void => {
        seen.push('doors destroyed');
        endAnswers();
      };
      const prepare: Doors<Text>['prepare'] = async (next) => {
        if (next.text === 'taken') throw new SidecarError('ERR_LISTEN', 'taken');
        seen.push(`doors ready for ${next.text}`);
        const commit = (): void => void seen.push(`doors serve ${supervisor.current?.text}`);
        return { opened: [], closed: [], commit };
      };
      const handOver = async (): Promise<void> => {
        seen.push('doors handed over');
        await answered;
      };
      return { prepare, close, handOver, destroy };
    },
    preload: async () => {
      seen.push(`preload while ${supervisor.state}`);
    },
    reloadBegins: async () => void seen.push('reload begins'),
    reloadEnded: async (outcome) => void told.push(outcome),
    ...broken,
  });
  const write = (text: string): void => {
    written = text;
  };
  return { supervisor, write, told, seen, endAnswers };
}

describe('Supervisor', () => {
  it('opens its parts in order and is ready at the end', async () => {
    const { supervisor, seen, endAnswers } = createStage();
    expect(supervisor.state).toBe('new');
    await supervisor.start();
    expect(seen).toEqual(['read', 'house', 'doors', 'preload while starting']);
    expect(supervisor.state).toBe('ready');
    endAnswers();
    await supervisor.stop(1000);
  });

  it('keeps the groups until the last answer has ended', async () => {
    const { supervisor, seen, endAnswers } = createStage();
    await supervisor.start();
    const stopped = supervisor.stop(60_000);
    expect(supervisor.state).toBe('draining');
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.at(-1)).toBe('doors closing');
    endAnswers();
    await stopped;
    expect(seen.slice(4)).toEqual(['doors closing', 'doors closed', 'house closed']);
    expect(supervisor.state).toBe('stopped');
  });

  it('leaves the doors to a successor that keeps them open', async () => {
    const { supervisor, seen, endAnswers } = createStage();
    await supervisor.start();
    const stopped = supervisor.stop(60_000, 'handOver');
    expect(supervisor.state).toBe('draining');
    endAnswers();
    await stopped;
    expect(seen.slice(4)).toEqual(['doors handed over', 'house closed']);
  });

  it('reloads nothing while a successor is started, nor when that serves', async () => {
    const { supervisor, seen, endAnswers } = createStage();
    await supervisor.start();
    let letGo: (isSucceeded: boolean) => void = () => undefined;
    const upgrade = supervisor.betweenReloads(
      () =>
        new Promise((resolve) => {
          letGo = resolve;
        }),
    );
    const reload = supervisor.reload('operator');
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.filter((step) => step === 'read')).toHaveLength(1);
    letGo(true);
    await upgrade;
    expect(await reload).toMatchObject({ kind: 'refused', error: { code: 'ERR_DRAINING' } });
    endAnswers();
    await supervisor.stop(1000, 'handOver');
  });

  it('ends what has not ended within the time for it', async () => {
    const { supervisor, seen } = createStage();
    await supervisor.start();
    await supervisor.stop(1);
    expect(seen.slice(4)).toEqual(['doors closing', 'doors destroyed', 'doors closed', 'house closed']);
  });

  it.each([
    ['the configuration cannot be used', 'read', []],
    ['the groups have nowhere to live', 'openHouse', ['read']],
    ['a group of the old sidecar does not become ready', 'warmUp', ['read', 'house', 'house closed']],
    ['a port is taken', 'openDoors', ['read', 'house', 'house closed']],
  ])('closes what it opened when %s', async (_case, step, expected) => {
    const fail = (): never => {
      throw new Error('broken');
    };
    const { supervisor, seen } = createStage({ [step]: step === 'read' ? fail : async () => fail() });
    await expect(supervisor.start()).rejects.toThrow('broken');
    expect(seen).toEqual(expected);
    expect(supervisor.state).toBe('stopped');
  });

  it('stops only after a start under way is over, and once', async () => {
    const { supervisor, seen, endAnswers } = createStage();
    endAnswers();
    const started = supervisor.start();
    await Promise.all([supervisor.stop(1000), supervisor.stop(1000), started]);
    expect(seen).toEqual([
      'read',
      'house',
      'doors',
      'preload while starting',
      'doors closing',
      'doors closed',
      'house closed',
    ]);
  });
});

describe('reload()', () => {
  async function started(): Promise<Stage> {
    const stage = createStage();
    await stage.supervisor.start();
    stage.seen.splice(0);
    return stage;
  }

  it('swaps the configuration when the doors are ready for it, and has the groups follow', async () => {
    const { supervisor, write, seen } = await started();
    write('second');
    expect(await supervisor.reload('operator')).toMatchObject({
      kind: 'reloaded',
      groups: { unchanged: ['second'] },
    });
    expect(seen).toEqual([
      'read',
      'reload begins',
      'doors ready for second',
      'doors serve second',
      'groups follow second',
      'preload while ready',
    ]);
    await supervisor.stop(1);
  });

  it.each([
    ['cannot be read', 'bad', 'ERR_CONFIG_SYNTAX'],
    ['wants a port that is taken', 'taken', 'ERR_LISTEN'],
  ])('keeps what is in force when the next %s', async (_case, text, code) => {
    const { supervisor, write, seen, told } = await started();
    write(text);
    expect(await supervisor.reload('operator')).toMatchObject({ kind: 'refused', error: { code } });
    expect(supervisor.current?.text).toBe('first');
    expect(seen).toEqual(['read', 'reload begins']);
    expect(told).toHaveLength(1);
    await supervisor.stop(1);
  });

  it('has nothing to tell a watch where no text has changed, nor where a mistake was told already', async () => {
    const { supervisor, write, told } = await started();
    expect(await supervisor.reload('watch')).toEqual({ kind: 'unchanged' });
    write('bad');
    expect(await supervisor.reload('watch')).toMatchObject({ kind: 'refused' });
    expect(await supervisor.reload('watch')).toEqual({ kind: 'unchanged' });
    write('first');
    expect(await supervisor.reload('watch')).toMatchObject({ kind: 'reloaded' });
    expect(told.map(({ kind }) => kind)).toEqual(['refused', 'reloaded']);
    await supervisor.stop(1);
  });

  it('answers an operator even where nothing has changed: a group may wait to be mended', async () => {
    const { supervisor, seen } = await started();
    expect(await supervisor.reload('operator')).toMatchObject({ kind: 'reloaded' });
    expect(seen).toContain('groups follow first');
    await supervisor.stop(1);
  });

  it('does once what many ask for before it has begun, and an operator among them is answered', async () => {
    const { supervisor, seen } = await started();
    const first = supervisor.reload('operator');
    await Promise.resolve();
    const [one, two, three] = [
      supervisor.reload('watch'),
      supervisor.reload('operator'),
      supervisor.reload('watch'),
    ];
    await first;
    expect(await one).toBe(await two);
    expect(await three).toMatchObject({ kind: 'reloaded' });
    expect(seen.filter((what) => what === 'read')).toHaveLength(2);
    await supervisor.stop(1);
  });

  it('refuses when the sidecar ends', async () => {
    const { supervisor, write } = await started();
    const stopped = supervisor.stop(1);
    write('second');
    expect(await supervisor.reload('operator')).toMatchObject({
      kind: 'refused',
      error: { code: 'ERR_DRAINING' },
    });
    await stopped;
    expect(supervisor.current?.text).toBe('first');
  });
});
