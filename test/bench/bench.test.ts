import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';
import { judge } from './reaches.ts';
import { type CaseResult, median, medianRatio, type Sample } from './statistics.ts';
import { parseWrk } from './wrk.ts';

const report = `Running 1s test @ http://127.0.0.1:1/
  1 threads and 16 connections
  Latency Distribution
     50%    1.25ms
     75%    2.00ms
     90%    3.00ms
     99%    1.50s
  12000 requests in 1.00s, 2.00MB read
Requests/sec:  11999.50
`;

describe('parseWrk()', () => {
  it('reads the figures in milliseconds', () => {
    expect(parseWrk(report)).toEqual({
      requestsPerSecond: 11999.5,
      p50Ms: 1.25,
      p99Ms: 1500,
      errors: 0,
      requests: 12000,
    });
  });

  it('counts refused requests and broken connections', () => {
    const errors = '  Socket errors: connect 1, read 2, write 0, timeout 4\n  Non-2xx or 3xx responses: 10\n';
    expect(parseWrk(report + errors)).toMatchObject({ errors: 17 });
  });

  it('says what it was given when there are no figures', () => {
    expect(parseWrk('unable to connect')).toContain('unable to connect');
  });
});

describe('median()', () => {
  it.each([
    ['an odd count', [9, 1, 5], 5],
    ['an even count', [4, 1, 3, 2], 2.5],
    ['one value', [7], 7],
  ])('is the middle of %s', (_, values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe('medianRatio()', () => {
  it('compares within a round, so that a slow round counts for both sides', () => {
    const subject: readonly Sample[] = [{ seconds: 2 }, { seconds: 20 }, { seconds: 4 }];
    const peer: readonly Sample[] = [{ seconds: 1 }, { seconds: 10 }, { seconds: 1 }];
    expect(medianRatio(subject, peer, 'seconds')).toBe(2);
  });

  it('is undefined where one side was not measured', () => {
    expect(medianRatio([{ seconds: 1 }], [{ p50Ms: 1 }], 'seconds')).toBeUndefined();
  });
});

describe('judge()', () => {
  const caseOf = (sidecar: number, daemon: number): CaseResult => ({
    name: '1 connection',
    samples: new Map([
      ['sidecar', [{ p50Ms: sidecar }]],
      ['mod_wsgi daemon', [{ p50Ms: daemon }]],
    ]),
  });
  const p50 = (cases: readonly CaseResult[]) =>
    judge('whole', cases).find(({ reach }) => reach.metric === 'p50Ms');

  it('reaches a bound that is met exactly', () => {
    expect(p50([caseOf(70, 100)])).toMatchObject({ value: 0.7, reached: true });
  });

  it('misses a bound that is passed', () => {
    expect(p50([caseOf(75, 100)])).toMatchObject({ value: 0.75, reached: false });
  });

  it('misses what was not measured', () => {
    expect(p50([])).toMatchObject({ value: undefined, reached: false });
  });
});

describe('parseOptions()', () => {
  it('keeps the order of the suites whatever the order of the words', () => {
    expect(parseOptions(['--only', 'bodies,whole']).suites).toEqual(['whole', 'bodies']);
  });

  it.each([
    ['an unknown suite', ['--only', 'all'], /Unknown suite "all"/],
    ['no number of rounds', ['--rounds', 'many'], /--rounds wants a whole number/],
    ['an unknown option', ['--fast'], /--fast/],
  ])('refuses %s', (_, argv, message) => {
    expect(() => parseOptions(argv)).toThrow(message);
  });
});
