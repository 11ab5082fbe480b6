/** The outcomes of a soak, what each event cost, and who had the requests that failed. */
import type { EventKind } from './options.ts';
import type { Outcome } from './verdict.ts';

/** Something that was done to the sidecar. Times are milliseconds since the epoch. */
export type SoakEvent = {
  readonly kind: EventKind;
  readonly detail: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** What went wrong with the event itself. */
  readonly problem?: string;
};

/** A request that has no right answer, and what the sidecar's log says of it. */
export type Failure = {
  readonly number: number;
  readonly group: string;
  readonly kind: string;
  readonly what: string;
  readonly verdict: 'explained' | 'lost' | 'wrong' | 'hung';
  readonly at: number;
  readonly during: string;
  /** The process that had it, and the reason that the log gives. */
  readonly pid?: number;
  readonly reason?: string;
};

/** What the access log says of one request. */
export type LoggedRequest = { readonly pid?: number; readonly status: number; readonly reason?: string };

export type Result = {
  readonly sent: number;
  readonly right: number;
  readonly explained: number;
  readonly lost: number;
  readonly wrong: number;
  readonly hung: number;
  readonly orphans: number;
  /** Milliseconds of small requests by what went on in their group, `elsewhere` in another one, or nowhere: `quiet`. */
  readonly p99: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
  readonly events: readonly SoakEvent[];
};

export type TallyInput = {
  readonly outcomes: readonly Outcome[];
  readonly events: readonly SoakEvent[];
  /** Pids that were killed on purpose. */
  readonly killed: ReadonlySet<number>;
  readonly logged: ReadonlyMap<number, LoggedRequest>;
  readonly orphans: number;
};

export function tally({ outcomes, events, killed, logged, orphans }: TallyInput): Result {
  const recycles = recyclesIn(outcomes, events);
  const during = (outcome: Outcome): string => {
    const { group } = outcome.order;
    const own = events.find((event) => concerns(event, group) && overlaps(outcome, event));
    if (own !== undefined) return own.kind;
    if (recycles.some((recycle) => recycle.group === group && overlaps(outcome, recycle))) return 'recycle';
    return events.some((event) => overlaps(outcome, event)) ? 'elsewhere' : 'quiet';
  };
  const failures = outcomes
    .filter(({ verdict }) => verdict !== 'right')
    .map((outcome) => describeFailure(outcome, logged.get(outcome.order.number), { killed, during }));
  const count = (verdict: Failure['verdict']): number =>
    failures.filter((failure) => failure.verdict === verdict).length;
  const small = outcomes.filter(({ order, verdict }) => order.kind === 'small' && verdict === 'right');
  const byKind = groupBy(small, during);
  return {
    sent: outcomes.length,
    right: outcomes.length - failures.length,
    explained: count('explained'),
    lost: count('lost'),
    wrong: count('wrong'),
    hung: count('hung'),
    orphans,
    p99: Object.fromEntries([...byKind].map(([kind, some]) => [kind, percentile99(some)])),
    counts: Object.fromEntries([...byKind].map(([kind, some]) => [kind, some.length])),
    failures,
    events,
  };
}

/** Whether everything is as it has to be. */
export function isFine({ lost, wrong, hung, orphans, events }: Result): boolean {
  return lost + wrong + hung + orphans === 0 && events.every(({ problem }) => problem === undefined);
}

function groupBy(outcomes: readonly Outcome[], of: (outcome: Outcome) => string): Map<string, Outcome[]> {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const name = of(outcome);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [outcome]);
    else group.push(outcome);
  }
  return groups;
}

type Interval = { readonly startedAt: number; readonly endedAt: number };

function overlaps(one: Interval, other: Interval): boolean {
  return one.startedAt <= other.endedAt && other.startedAt <= one.endedAt;
}

/** Groups grow to their number of processes when the load comes. */
const GROWTH_MS = 5_000;

/** Whether it is this group's matter, or all groups'. */
function concerns({ detail }: SoakEvent, group: string): boolean {
  return detail === '' || detail === group;
}

type Recycle = Interval & { readonly group: string };

/** A process that answers for the first time while nothing is done to its group has taken the place of one that was recycled. */
function recyclesIn(outcomes: readonly Outcome[], events: readonly SoakEvent[]): readonly Recycle[] {
  const seen = new Set<number>();
  const grownAt = (outcomes[0]?.startedAt ?? 0) + GROWTH_MS;
  return outcomes.flatMap(({ order: { group }, ending, endedAt }) => {
    if (ending.kind !== 'whole' || ending.pid === undefined || seen.has(ending.pid)) return [];
    seen.add(ending.pid);
    const around = { group, startedAt: endedAt - 1000, endedAt: endedAt + 500 };
    const isDone = events.some((event) => concerns(event, group) && overlaps(around, event));
    return endedAt < grownAt || isDone ? [] : [around];
  });
}

/** A failure is explained by nothing but the process that had the request and was killed under it. */
function describeFailure(
  outcome: Outcome,
  logged: LoggedRequest | undefined,
  { killed, during }: Pick<TallyInput, 'killed'> & { during: (outcome: Outcome) => string },
): Failure {
  const { order, ending, verdict, startedAt } = outcome;
  const pid = logged?.pid;
  const isExplained = verdict === 'failed' && pid !== undefined && killed.has(pid);
  return {
    number: order.number,
    group: order.group,
    kind: order.kind,
    what: ending.kind === 'whole' ? `${ending.status}` : ending.kind === 'hung' ? 'no end' : ending.problem,
    verdict:
      verdict === 'failed' ? (isExplained ? 'explained' : 'lost') : verdict === 'hung' ? 'hung' : 'wrong',
    at: startedAt,
    during: during(outcome),
    ...(pid === undefined ? {} : { pid }),
    ...(logged?.reason === undefined ? {} : { reason: logged.reason }),
  };
}

function percentile99(outcomes: readonly Outcome[]): number {
  const times = outcomes
    .map(({ startedAt, endedAt }) => endedAt - startedAt)
    .sort((one, other) => one - other);
  return times[Math.min(times.length - 1, Math.floor(times.length * 0.99))] ?? 0;
}
