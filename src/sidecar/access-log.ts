/**
 * The access log: a line for each request, with everything of an observation; credentials it never holds, but where a query is shown. Law: the line
 * is what the log would make of the same fields. It is written out by hand, because it is made for every request.
 */
import type { GroupObserver } from '../groups/observer.ts';
import { groupFields, readable } from '../log.ts';
import type { Observation, RequestObserver } from '../proxy/observation.ts';
import type { GroupIdentity } from '../routing/group-key.ts';

/** Who hears of every request, and of groups nothing. */
export type AccessLog = RequestObserver & GroupObserver;

/** Who takes lines, each with its end. */
type LineSink = { write(line: string): void };

/** Tells `lines` of each request. Targets have their query where `showsQuery` says so. */
export function createAccessLog(lines: LineSink, showsQuery: boolean): AccessLog {
  const nothing = (): void => undefined;
  const clock = createClock();
  return {
    requestStarted: nothing,
    webSocketOpened: nothing,
    connectionEnded: nothing,
    errorUnexpected: nothing,
    requestFinished: (seen) => lines.write(renderLine(seen, clock(), showsQuery)),
    groupStateChanged: nothing,
    processStarted: nothing,
    processReady: nothing,
    processExited: nothing,
    processReplaced: nothing,
    groupDropped: nothing,
  };
}

function renderLine(seen: Observation, time: string, showsQuery: boolean): string {
  const { mount, pid, reason, retries, identity } = seen;
  let line = `{"level":"info","time":"${time}","request_id":"${seen.requestId}","method":${quote(seen.method)}`;
  line += `,"host":${quote(seen.host)},"target":${quote(shownTarget(seen.target, showsQuery))}`;
  line += `,"status":${seen.status},"arm":"${seen.arm}"`;
  if (mount !== undefined) line += `,"mount":${quoteBytes(mount)}`;
  if (pid !== undefined) line += `,"pid":${pid}`;
  if (reason !== undefined) line += `,"reason":${quote(reason)}`;
  if (retries !== undefined) line += `,"retries":${retries}`;
  if (identity !== undefined) line += membersOf(identity);
  line += `,"duration_ms":${milliseconds(seen.durationSeconds)}`;
  if (seen.queuedSeconds !== undefined) line += `,"queued_ms":${milliseconds(seen.queuedSeconds)}`;
  if (seen.upstreamSeconds !== undefined) line += `,"upstream_ms":${milliseconds(seen.upstreamSeconds)}`;
  line += `,"request_bytes":${seen.requestBytes},"response_bytes":${seen.responseBytes}`;
  return `${line}${seen.aborted ? ',"aborted":true' : ''},"msg":"request"}\n`;
}

/** Nearly all strings of a line are of these characters alone. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

function quoteBytes(bytes: string): string {
  return PLAIN.test(bytes) ? `"${bytes}"` : JSON.stringify(readable(bytes));
}

function shownTarget(target: string, showsQuery: boolean): string {
  const at = showsQuery ? -1 : target.indexOf('?');
  return at < 0 ? target : `${target.slice(0, at + 1)}…`;
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1000;
}

/** The same object names a group in every request of a mount. */
const membersByIdentity = new WeakMap<GroupIdentity, string>();

function membersOf(identity: GroupIdentity): string {
  const known = membersByIdentity.get(identity);
  if (known !== undefined) return known;
  const members = `,${JSON.stringify(groupFields(identity)).slice(1, -1)}`;
  membersByIdentity.set(identity, members);
  return members;
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
