import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GroupObserver } from '../../src/groups/observer.ts';
import { GroupPool } from '../../src/groups/pool.ts';
import { buildSite } from '../../src/site/build.ts';
import { Supervisor, type SupervisorDeps } from '../../src/supervisor/supervisor.ts';

const nothing = (): void => undefined;
const observer: GroupObserver = {
  groupStateChanged: nothing,
  processStarted: nothing,
  processReady: nothing,
  processExited: nothing,
};

type Stage = {
  readonly supervisor: Supervisor;
  /** What happened, in order. */
  readonly seen: string[];
  /** Lets the last answer end. */
  readonly endAnswers: () => void;
};

/** A supervisor over a pool without groups, whose doors stay open until told. */
function createStage(broken: Partial<SupervisorDeps> = {}): Stage {
  const seen: string[] = [];
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
  const supervisor = new Supervisor({
    loadSite: () => {
      seen.push('load');
      return buildSite([]).site;
    },
    openHouse: async () => {
      seen.push('house');
      const close = async (): Promise<void> => {
        seen.push('house closed');
        rmSync(folder, { recursive: true });
      };
      return { pool, close };
    },
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
      return { close, destroy };
    },
    preload: async () => {
      seen.push(`preload while ${supervisor.state}`);
    },
    ...broken,
  });
  return { supervisor, seen, endAnswers };
}

describe('Supervisor', () => {
  it('opens its parts in order and is ready at the end', async () => {
    const { supervisor, seen, endAnswers } = createStage();
    expect(supervisor.state).toBe('new');
    await supervisor.start();
    expect(seen).toEqual(['load', 'house', 'doors', 'preload while starting']);
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

  it('ends what has not ended within the time for it', async () => {
    const { supervisor, seen } = createStage();
    await supervisor.start();
    await supervisor.stop(1);
    expect(seen.slice(4)).toEqual(['doors closing', 'doors destroyed', 'doors closed', 'house closed']);
  });

  it.each([
    ['the configuration cannot be used', 'loadSite', []],
    ['the groups have nowhere to live', 'openHouse', ['load']],
    ['a port is taken', 'openDoors', ['load', 'house', 'house closed']],
  ])('closes what it opened when %s', async (_case, step, expected) => {
    const fail = (): never => {
      throw new Error('broken');
    };
    const { supervisor, seen } = createStage({ [step]: step === 'loadSite' ? fail : async () => fail() });
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
      'load',
      'house',
      'doors',
      'preload while starting',
      'doors closing',
      'doors closed',
      'house closed',
    ]);
  });
});
