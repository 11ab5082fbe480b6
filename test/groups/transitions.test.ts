import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  checkTransition,
  GROUP_TRANSITIONS,
  PROCESS_TRANSITIONS,
  REMOTE_TRANSITIONS,
  type Transitions,
} from '../../src/groups/transitions.ts';
import { packageRoot } from '../../src/package-root.ts';
import { acquire, SILENT, settle, VirtualGroup } from './virtual.ts';

const architecture = readFileSync(join(packageRoot(), 'ARCHITECTURE.md'), 'utf8');

/** A column of the table, by its states that lead anywhere. */
function documented(column: number): Record<string, string[]> {
  const rows = architecture.split('| from | of a group to |')[1]?.split('\n').slice(2) ?? [];
  const end = rows.findIndex((row) => !row.startsWith('|'));
  const cells = rows.slice(0, end).map((row) => row.split('|').map((cell) => cell.match(/(?<=`)\w+(?=`)/g)));
  return Object.fromEntries(
    cells.flatMap((row) => (row[column] ? [[row[1]?.[0] ?? '', [...(row[column] ?? [])]]] : [])),
  );
}

function leading(table: Transitions<string>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(table).filter(([, states]) => states.length > 0));
}

describe('the tables of states', () => {
  it.each([
    ['groups', 2, GROUP_TRANSITIONS],
    ['groups that run elsewhere', 3, REMOTE_TRANSITIONS],
    ['processes', 4, PROCESS_TRANSITIONS],
  ])('are in ARCHITECTURE as they are in force, for %s', (_name, column, table) => {
    expect(documented(column)).toEqual(leading(table));
  });

  it('lead a group through failed and back', async () => {
    const world = new VirtualGroup({});
    const fail = async (): Promise<void> => {
      for (const process of world.inState('starting')) process.end();
      await settle();
    };
    await Promise.all([world.group.preload(), fail()]);
    while (world.group.state !== 'failed') {
      await world.clock.pass(1_000);
      await fail();
    }
    await world.clock.pass(60_000);
    const lease = acquire(world.group);
    world.inState('starting')[0]?.becomeReady();
    expect((await lease).kind).toBe('lease');
    expect(world.states).toEqual(expect.arrayContaining(['backing_off', 'failed', 'ready']));
    expect(world.impossible).toEqual([]);
  });

  it('let a request wait that comes to an idle group whose last start failed beside a process that has left since', async () => {
    const world = new VirtualGroup({ processes: 2, threads: 1 });
    const waiting = [acquire(world.group), acquire(world.group)];
    world.processes[0]?.becomeReady();
    world.processes[1]?.end();
    for (const each of waiting) {
      const answer = await each;
      if (answer.kind === 'lease') answer.release('answered');
    }
    world.group.makeRoom();
    await settle();
    expect(world.group.state).toBe('idle');
    const third = acquire(world.group);
    expect(world.group.state).toBe('backing_off');
    await world.clock.pass(500);
    world.inState('starting')[0]?.becomeReady();
    expect((await third).kind).toBe('lease');
    expect(world.impossible).toEqual([]);
  });
});

describe('checkTransition()', () => {
  it('logs a change that the table does not have, with its code', () => {
    const told: object[] = [];
    const log = { ...SILENT, error: (fields: object) => void told.push(fields) };
    checkTransition(PROCESS_TRANSITIONS, { from: 'draining', to: 'ready' }, log, { pid: 1 });
    checkTransition(PROCESS_TRANSITIONS, { from: 'draining', to: 'draining' }, log, {});
    checkTransition(PROCESS_TRANSITIONS, { from: 'ready', to: 'draining' }, log, {});
    expect(told).toMatchObject([{ pid: 1, err: { code: 'ERR_INTERNAL' } }]);
  });
});
