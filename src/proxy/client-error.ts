/** What is answered when no request could be made of a client's bytes: half a head, a broken one, or a tunnel. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { carriedAnswer } from './carried-answer.ts';
import { exchangeOf } from './exchange.ts';
import { renderErrorPage } from './failure.ts';
import type { FrontLimits } from './limits.ts';
import { endAtOnce } from './linger.ts';
import type { ProxyLog } from './log.ts';
import type { RequestObserver } from './observation.ts';
import { isLineLonger } from './request-line.ts';
import { ALLOWED_METHODS, REFUSED_BYTES, REFUSED_WORDS, type RefusalRule } from './rules.ts';

/** An error of Node's HTTP parser or of the connection that it reads. */
export type ClientError = NodeJS.ErrnoException & {
  /** The parser's words, which hold none of the client's. */
  readonly reason?: string;
  /** What it was reading. */
  readonly rawPacket?: Buffer;
};

const BAD_REQUEST: RefusalRule = { status: 400, reason: 'bad_request', message: 'Bytes that are no request' };

const TARGET_TOO_LONG: RefusalRule = {
  status: 414,
  reason: 'target',
  message: 'Request line is longer than "limits.requestLine" or "limits.head"',
};

/** Whether the client has merely left. */
export function hasLeft({ code }: ClientError): boolean {
  return code === 'HPE_INVALID_EOF_STATE' || code === 'ECONNRESET' || code === 'EPIPE';
}

/** The rule that a client's bytes break. */
export function ruleOf(error: ClientError, socket: Socket, limits: FrontLimits): RefusalRule {
  const { code = '', reason = '' } = error;
  if (code === 'HPE_HEADER_OVERFLOW' && isInRequestLine(error, socket, limits)) return TARGET_TOO_LONG;
  return REFUSED_WORDS[reason] ?? REFUSED_BYTES[code] ?? BAD_REQUEST;
}

/** Whether it is the request line that makes the head too long; Apache does not read on behind one. */
function isInRequestLine(
  { rawPacket }: ClientError,
  socket: Socket,
  { head, headBytes }: FrontLimits,
): boolean {
  const longest = Math.min(head.requestLineBytes, headBytes);
  return isLineLonger(socket, rawPacket?.toString('latin1') ?? '', longest);
}

/** Why a connection is refused. */
export type ConnectionRule = RefusalRule & {
  /** The log knows already. */
  readonly isTold?: boolean;
};

type ConnectionRefusal = ConnectionRule & { readonly requestId: string };

const refusedKey = Symbol('refused');
type Refused = Socket & { [refusedKey]?: true };

/** Answers on the bare connection, ends it, and tells of it. */
export function refuseConnection(
  socket: Socket,
  refusal: ConnectionRefusal,
  { log, observer }: { readonly log: ProxyLog; readonly observer: RequestObserver },
): void {
  // The parser complains anew of whatever comes behind.
  if ((socket as Refused)[refusedKey] === true) return;
  (socket as Refused)[refusedKey] = true;
  const { status, reason, message } = refusal;
  const current = carriedAnswer(socket);
  const requestId = brokenId(current) ?? refusal.requestId;
  // What follows the head of a request that is refused already is that request's own, and was told with it.
  const isTold = current?.writableEnded === true && !current.req.complete;
  answerInTurn(socket, { ...refusal, requestId });
  if (isTold) return;
  if (refusal.isTold !== true)
    log.info({ request_id: requestId, status, reason, remote: socket.remoteAddress }, message);
  observer.requestFinished({
    requestId,
    method: '',
    host: '',
    target: '',
    status,
    arm: 'own',
    reason,
    durationSeconds: 0,
    requestBytes: 0,
    responseBytes: 0,
    aborted: false,
  });
}

/** The id of the request that the bytes belong to, where its head was whole: what is told of both can be found by one id. */
function brokenId(current: ServerResponse | undefined): string | undefined {
  return current === undefined || current.req.complete ? undefined : exchangeOf(current.req)?.requestId;
}

/**
 * What is broken stands behind the requests that came whole before it: they get their answers first, or this one would be taken for
 * theirs. Where the request under way is the broken one, its answer ends here.
 */
function answerInTurn(socket: Socket, refusal: ConnectionRefusal): void {
  const current = carriedAnswer(socket);
  if (current === undefined || !current.req.complete) answerNow(socket, refusal, current);
  else {
    // What still comes is thrown away, not left: whoever does not read does not hear that the client has gone.
    socket.resume();
    current.once('close', () => process.nextTick(answerInTurn, socket, refusal));
  }
}

/** Says nothing when an answer is under way. */
function answerNow(socket: Socket, refusal: ConnectionRefusal, current: ServerResponse | undefined): void {
  if (current?.headersSent === true) socket.destroy();
  // The last answer has been sent; the connection ends by itself.
  if (!socket.writable) return;
  const { status, requestId } = refusal;
  const page = renderErrorPage(status, requestId);
  const statusLine = page.slice(page.indexOf('<title>') + '<title>'.length, page.indexOf('</title>'));
  socket.on('error', () => socket.destroy());
  // Nobody has read what a client beyond the limit has sent; waiting for it would be one more connection.
  if (status === 503) endAtOnce(socket);
  socket.write(
    `HTTP/1.1 ${statusLine}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${page.length}\r\n` +
      `${status === 405 ? `Allow: ${ALLOWED_METHODS}\r\n` : ''}Date: ${new Date().toUTCString()}\r\n` +
      `X-Request-Id: ${requestId}\r\nConnection: close\r\n\r\n${page}`,
  );
  socket.destroySoon();
}
