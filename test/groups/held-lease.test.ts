import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { HeldLease, hold, letGo } from '../../src/groups/held-lease.ts';
import type { Member } from '../../src/groups/member.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const member = { process: {} } as Member;

function makeLease(): HeldLease {
  return new HeldLease({ takeBack: () => undefined }, member, { queuedMs: 0, sinceMs: 0 });
}

/** Requests one after the other, `threads` of them at a time, each longer under way than the one behind it. */
function passLeases(leases: HeldLease[], threads: number, count: number): void {
  const waiting = [...leases];
  for (let request = 0; request < count; request += 1) {
    const lease = makeLease();
    hold(leases, lease);
    waiting.push(lease);
    if (waiting.length > threads) letGo(leases, waiting.shift() as HeldLease);
  }
}

function oldHeapBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;
}

describe('letGo()', () => {
  it('takes out just the one that it is given', () => {
    const leases: HeldLease[] = [];
    const all = Array.from({ length: 4 }, makeLease);
    for (const lease of all) hold(leases, lease);
    const [first, second, third, fourth] = all as [HeldLease, HeldLease, HeldLease, HeldLease];
    letGo(leases, second);
    expect(new Set(leases)).toEqual(new Set([first, third, fourth]));
    letGo(leases, fourth);
    letGo(leases, first);
    expect(leases).toEqual([third]);
    letGo(leases, third);
    expect(leases).toEqual([]);
  });

  it('leaves nothing in the old heap of all that have passed', () => {
    const leases: HeldLease[] = [];
    passLeases(leases, 15, 1000);
    // What is held now has come into the old heap.
    collect();
    const before = oldHeapBytes();
    passLeases(leases, 15, 1_000_000);
    expect(oldHeapBytes() - before).toBeLessThan(8 * 1024 * 1024);
  });
});
