/**
 * The access log: a line for each request, with everything of an observation; credentials it never holds, but where a query is shown. Law: the line
 * is what the log would make of the same fields. It is written out by hand, because it is made for every request.
 */
import type { GroupObserver } from '../groups/observer.ts';
import { groupFields, inPercents, readable, shownTarget } from '../log.ts';
import type { Observation, RequestObserver } from '../proxy/observation.ts';
import type { GroupIdentity } from '../routing/group-key.ts';

/** Who hears of every request, and of groups nothing. */
export type AccessLog = RequestObserver & GroupObserver;

/** Tells `lines` of each request. */
export function createAccessLog(lines: { write(seen: Observation): void }): AccessLog {
  const nothing = (): void => undefined;
  return {
    requestStarted: nothing,
    webSocketOpened: nothing,
    connectionEnded: nothing,
    errorUnexpected: nothing,
    requestFinished: (seen) => lines.write(seen),
    groupStateChanged: nothing,
    processStarted: nothing,
    processReady: nothing,
    processExited: nothing,
    processReplaced: nothing,
    groupDropped: nothing,
  };
}

/**
 * Makes lines, each with its end; targets have their query where `showsQuery` says so. Most of a line is as in the one before: what is left
 * is joined in few pieces, since each is an object to the collector.
 */
export function createAccessLine(showsQuery: boolean): (seen: Observation) => string {
  const time = createClock();
  const methodOf = keepLast(quote);
  const hostOf = keepLast(quote);
  const servedOf = createServed();
  return (seen) => {
    const { queuedSeconds, upstreamSeconds } = seen;
    const target = quoteTarget(shownTarget(seen.target, showsQuery));
    const queued = queuedSeconds === undefined ? '' : `,"queued_ms":${milliseconds(queuedSeconds)}`;
    const upstream = upstreamSeconds === undefined ? '' : `,"upstream_ms":${milliseconds(upstreamSeconds)}`;
    const end = seen.aborted ? ',"aborted":true,"msg":"request"}\n' : ',"msg":"request"}\n';
    return `{"level":"info","time":"${time()}","request_id":"${seen.requestId}","method":${methodOf(seen.method)},"host":${hostOf(seen.host)},"target":${target}${servedOf(seen)},"duration_ms":${milliseconds(seen.durationSeconds)}${queued}${upstream},"request_bytes":${seen.requestBytes},"response_bytes":${seen.responseBytes}${end}`;
  };
}

/** What a text is made into, worked out anew only when it is another one than last time. */
function keepLast(make: (text: string) => string): (text: string) => string {
  let last = '';
  let made = make(last);
  return (text) => {
    if (text === last) return made;
    last = text;
    made = make(text);
    return made;
  };
}

/** By whom a request was served, and how: kept for each group, since its requests mostly end alike. */
function createServed(): (seen: Observation) => string {
  const lastOf = new WeakMap<GroupIdentity, { readonly seen: Observation; readonly text: string }>();
  return (seen) => {
    const { identity } = seen;
    if (identity === undefined) return renderServed(seen);
    const last = lastOf.get(identity);
    if (last !== undefined && isServedAlike(last.seen, seen)) return last.text;
    const text = renderServed(seen);
    lastOf.set(identity, { seen, text });
    return text;
  };
}

function isServedAlike(one: Observation, other: Observation): boolean {
  return (
    one.status === other.status &&
    one.pid === other.pid &&
    one.mount === other.mount &&
    one.arm === other.arm &&
    one.reason === other.reason &&
    one.retries === other.retries
  );
}

function renderServed({ status, arm, mount, pid, reason, retries, identity }: Observation): string {
  let text = `,"status":${status},"arm":"${arm}"`;
  if (mount !== undefined) text += `,"mount":${quoteBytes(mount)}`;
  if (pid !== undefined) text += `,"pid":${pid}`;
  if (reason !== undefined) text += `,"reason":${quote(reason)}`;
  if (retries !== undefined) text += `,"retries":${retries}`;
  return identity === undefined ? text : `${text},${JSON.stringify(groupFields(identity)).slice(1, -1)}`;
}

/** Nearly all strings of a line are of these characters alone. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

function quoteBytes(bytes: string): string {
  return PLAIN.test(bytes) ? `"${bytes}"` : JSON.stringify(readable(bytes));
}

function quoteTarget(target: string): string {
  return PLAIN.test(target) ? `"${target}"` : JSON.stringify(inPercents(target));
}

/** In microseconds, made of two whole numbers: the text of any other costs four times as much. */
function milliseconds(seconds: number): string {
  const us = Math.round(seconds * 1e6);
  const below = us % 1000;
  const whole = (us - below) / 1000;
  if (below === 0) return `${whole}`;
  return `${whole}.${below < 10 ? '00' : below < 100 ? '0' : ''}${below}`;
}

/** The time in ISO 8601, worked out once in a millisecond. */
function createClock(): () => string {
  let at = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      text = new Date(now).toISOString();
    }
    return text;
  };
}
