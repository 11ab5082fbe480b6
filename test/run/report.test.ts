import { describe, expect, it } from 'vitest';
import { closingLine, tallyOf } from './report.ts';

const file = (
  status: string,
  ...results: string[]
): { status: string; assertionResults: { status: string }[] } => ({
  status,
  assertionResults: results.map((result) => ({ status: result })),
});

describe('tallyOf()', () => {
  it('counts each test once, by what became of it', () => {
    const report = {
      testResults: [file('failed', 'passed', 'failed', 'pending', 'todo'), file('passed', 'passed')],
    };
    expect(tallyOf(report)).toEqual({ passed: 2, failed: 1, skipped: 2 });
  });

  it('counts a file that could not be loaded as a failure', () => {
    expect(tallyOf({ testResults: [file('failed')] })).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('counts a file as a failure whose hook failed after its tests had passed', () => {
    expect(tallyOf({ testResults: [file('failed', 'passed')] })).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
    });
  });
});

describe('closingLine()', () => {
  it('names skipped tests only when there are some', () => {
    expect(closingLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
    expect(closingLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped');
  });
});
