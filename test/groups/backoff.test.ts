import { describe, expect, it } from 'vitest';
import {
  countBootFailure,
  countCrash,
  type FailureRow,
  judge,
  NO_FAILURES,
} from '../../src/groups/backoff.ts';
import { fc } from '../support/property.ts';

function boots(number: number): FailureRow {
  let row = NO_FAILURES;
  for (let boot = 0; boot < number; boot++) row = countBootFailure(row);
  return row;
}

function crashes(number: number, upMs: number): FailureRow {
  let row = NO_FAILURES;
  for (let crash = 0; crash < number; crash++) row = countCrash(row, upMs);
  return row;
}

describe('judge()', () => {
  it.each([
    ['a first failed start', boots(1), 500],
    ['a second', boots(2), 1_000],
    ['a fourth', boots(4), 4_000],
    ['a first crash', crashes(1, 0), 0],
    ['a second crash soon after', crashes(2, 9_999), 500],
    ['many crashes in a row', crashes(40, 0), 30_000],
    ['a second crash of a process that stayed up', crashes(2, 10_000), 0],
    ['a failed start after a crash', countBootFailure(crashes(1, 0)), 1_000],
    ['a crash of what had failed to start before', countCrash(boots(4), 0), 0],
  ])('waits after %s', (_case, row, delayMs) => {
    expect(judge(row, 0.5)).toEqual({ kind: 'retry', delayMs });
  });

  it('gives up after five failed starts, for a minute', () => {
    expect(judge(boots(5), 0.5)).toEqual({ kind: 'give-up', coolDownMs: 60_000 });
  });

  it('varies by a fifth to either side', () => {
    const row = fc.record({ boots: fc.integer({ min: 1, max: 4 }), crashes: fc.nat({ max: 30 }) });
    const run = fc.property(
      row,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, random) => {
        const [exact, varied] = [judge(failures, 0.5), judge(failures, random)];
        if (exact.kind !== 'retry' || varied.kind !== 'retry') throw new Error('It gave up');
        expect(varied.delayMs).toBeGreaterThanOrEqual(exact.delayMs * 0.8 - 1);
        expect(varied.delayMs).toBeLessThanOrEqual(exact.delayMs * 1.2 + 1);
      },
    );
    fc.assert(run);
  });
});
