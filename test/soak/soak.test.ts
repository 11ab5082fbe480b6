/** The judge itself: what it calls right, explained, lost and wrong. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';
import { randomFrom, shuffled } from './random.ts';
import { renderJson, renderTable } from './report.ts';
import { isFine, type LoggedRequest, type SoakEvent, tally } from './tally.ts';
import { type Ending, judge, makeOrder, type Order, type Outcome } from './verdict.ts';

const order = (number: number, kind: Order['kind'] = 'small'): Order => ({ number, group: 'single', kind });

const whole = (text: string, status = 200): Ending => ({ kind: 'whole', status, text, pid: 7 });

function outcome(number: number, ending: Ending, startedAt = 1000, tookMs = 10): Outcome {
  const asked = order(number);
  return { order: asked, ending, verdict: judge(asked, ending), startedAt, endedAt: startedAt + tookMs };
}

function judged(
  outcomes: readonly Outcome[],
  more: {
    killed?: number[];
    logged?: Record<number, LoggedRequest>;
    events?: SoakEvent[];
    orphans?: number;
  } = {},
): ReturnType<typeof tally> {
  return tally({
    outcomes,
    events: more.events ?? [],
    killed: new Set(more.killed),
    logged: new Map(Object.entries(more.logged ?? {}).map(([number, logged]) => [Number(number), logged])),
    orphans: more.orphans ?? 0,
  });
}

describe('judge()', () => {
  const parts = Array.from({ length: 20 }, (_, index) => `5 ${index}\n`);
  const body = Buffer.from('5 5 5 ');
  const digest = createHash('sha256').update(body).digest('hex');

  it.each([
    ['its number', order(5), whole('5'), 'right'],
    ['the number of another request', order(5), whole('6'), 'wrong'],
    ['all parts of a stream', order(5, 'streamed'), whole(parts.join('')), 'right'],
    ['a stream that looks whole and is not', order(5, 'streamed'), whole(parts.slice(1).join('')), 'wrong'],
    ['an upload as it was sent', { ...order(5, 'upload'), body }, whole(`5 6 ${digest}`), 'right'],
    ['an upload that lost bytes', { ...order(5, 'upload'), body }, whole(`5 5 ${digest}`), 'wrong'],
    ['an error', order(5), whole('5', 502), 'failed'],
    ['a connection that broke', order(5), { kind: 'broken', problem: 'ECONNRESET' }, 'failed'],
    ['nothing', order(5), { kind: 'hung' }, 'hung'],
  ] as const)('judges %s', (_case, asked, ending, verdict) => {
    expect(judge(asked, ending)).toBe(verdict);
  });
});

describe('tally()', () => {
  it('explains a failure by the process that had the request and was killed, and by nothing else', () => {
    const failed = [1, 2, 3].map((number) => outcome(number, whole('', 502)));
    const logged = { 1: { pid: 7, status: 502 }, 2: { pid: 8, status: 502 }, 3: { status: 503 } };
    const result = judged([...failed, outcome(4, whole('4'))], { killed: [7], logged });
    expect(result).toMatchObject({ sent: 4, right: 1, explained: 1, lost: 2, wrong: 0, hung: 0 });
    expect(result.failures.map(({ verdict }) => verdict)).toEqual(['explained', 'lost', 'lost']);
  });

  it('excuses no wrong answer and no hung request, killed or not', () => {
    const result = judged([outcome(1, whole('2')), outcome(2, { kind: 'hung' })], {
      killed: [7],
      logged: { 1: { pid: 7, status: 200 }, 2: { pid: 7, status: 200 } },
    });
    expect(result).toMatchObject({ explained: 0, wrong: 1, hung: 1 });
  });

  it("tells what is done to a request's own group from what is done to another", () => {
    const other: SoakEvent = { kind: 'deploy', detail: 'several', startedAt: 5000, endedAt: 6000 };
    const result = judged([outcome(1, whole('1'), 5500, 10), outcome(2, whole('2'), 7000, 20)], {
      events: [other],
    });
    expect(result.p99).toEqual({ elsewhere: 10, quiet: 20 });
  });

  it('takes the times of small requests apart by what went on', () => {
    const event: SoakEvent = { kind: 'deploy', detail: 'single', startedAt: 5000, endedAt: 6000 };
    const result = judged(
      [
        outcome(1, whole('1'), 1000, 10),
        outcome(2, whole('2'), 4990, 20),
        outcome(3, { kind: 'whole', status: 200, text: '3', pid: 8 }, 9000, 30),
      ],
      { events: [event] },
    );
    expect(result.p99).toEqual({ quiet: 10, deploy: 20, recycle: 30 });
  });
});

describe('isFine()', () => {
  const good = [outcome(1, whole('1'))];
  const event: SoakEvent = { kind: 'deploy', detail: '', startedAt: 1, endedAt: 2 };

  it.each([
    ['all is right', judged(good), true],
    [
      'a failure is explained',
      judged([outcome(1, whole('', 502))], { killed: [7], logged: { 1: { pid: 7, status: 502 } } }),
      true,
    ],
    ['a request is lost', judged([outcome(1, whole('', 502))]), false],
    ['a process is left', judged(good, { orphans: 1 }), false],
    ['an event failed', judged(good, { events: [{ ...event, problem: 'not served' }] }), false],
  ])('judges a run where %s', (_case, result, fine) => {
    expect(isFine(result)).toBe(fine);
  });
});

describe('what a soak prints', () => {
  const result = judged([outcome(1, whole('1')), outcome(2, whole('', 503))], {
    logged: { 2: { status: 503, reason: 'queue_timeout' } },
  });

  it('has the counts and p99 at the top level of the JSON', () => {
    const json = JSON.parse(renderJson(result)) as object;
    expect(json).toMatchObject({
      sent: 2,
      right: 1,
      explained: 0,
      lost: 1,
      wrong: 0,
      hung: 0,
      orphans: 0,
      events: [],
    });
    expect(json).toHaveProperty('p99');
  });

  it('tells in the table who had a lost request, and why', () => {
    expect(renderTable(result)).toMatch(/lost: .* request 2 \(small, single\).*503.*queue_timeout/);
  });
});

describe('parseOptions()', () => {
  it('runs for ten minutes with everything by default', () => {
    const { seconds, kinds, json } = parseOptions([]);
    expect([seconds, kinds.length, json]).toEqual([600, 8, false]);
  });

  it('leaves out what takes requests with it', () => {
    const { kinds } = parseOptions(['--no-kills', '--seconds', '60']);
    expect(kinds).not.toContain('kill');
    expect(kinds).not.toContain('freeze');
    expect(kinds).toContain('upgrade');
  });

  it.each([
    ['an unknown event', ['--only', 'nap'], 'There is no event "nap"'],
    ['no number', ['--seconds', 'x'], '--seconds wants a whole number'],
  ])('refuses %s', (_case, argv, message) => {
    expect(() => parseOptions(argv)).toThrow(message);
  });
});

describe('randomFrom()', () => {
  it('gives the same again for the same seed, between 0 and 1', () => {
    const [one, other] = [randomFrom(5), randomFrom(5)];
    const numbers = Array.from({ length: 1000 }, one);
    expect(Array.from({ length: 1000 }, other)).toEqual(numbers);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    expect([...shuffled([1, 2, 3, 4], one)].sort()).toEqual([1, 2, 3, 4]);
  });

  it('leads to every kind of request', () => {
    const random = randomFrom(1);
    const kinds = new Set(
      Array.from({ length: 200 }, (_, number) => makeOrder(number, 'single', random).kind),
    );
    expect([...kinds].sort()).toEqual(['slow', 'small', 'streamed', 'upload']);
  });
});
