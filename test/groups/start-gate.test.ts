import { describe, expect, it } from 'vitest';
import { StartGate } from '../../src/groups/start-gate.ts';
import { VirtualClock } from './virtual.ts';

describe('StartGate', () => {
  it('lets so many in at once, and the next in turn', () => {
    const gate = new StartGate(2, new VirtualClock());
    const inside: number[] = [];
    const leaves: (() => void)[] = [];
    for (const number of [1, 2, 3, 4]) {
      gate.enter((leave) => {
        inside.push(number);
        leaves.push(leave);
      });
    }
    expect(inside).toEqual([1, 2]);
    leaves[0]?.();
    leaves[0]?.();
    expect(inside, 'leaving twice gives one place back').toEqual([1, 2, 3]);
  });

  it('gives away the place of a start that takes long', async () => {
    const clock = new VirtualClock();
    const gate = new StartGate(1, clock);
    const inside: string[] = [];
    gate.enter(() => inside.push('slow'));
    gate.enter(() => inside.push('next'));
    await clock.pass(2_999);
    expect(inside).toEqual(['slow']);
    await clock.pass(1);
    expect(inside).toEqual(['slow', 'next']);
  });
});
