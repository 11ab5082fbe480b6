/**
 * One request and its answer. Lives from the parsed head to the end of the response; made, observed and forgotten once.
 * Law: whatever happens, `requestFinished` is told exactly once and the lease is released exactly once.
 */
import { STATUS_CODES } from 'node:http';
import type { ErrorCode } from '../errors.ts';
import { reasonOf } from '../errors.ts';
import type { Waiting } from '../groups/claim.ts';
import type { Lease, LeaseOutcome } from '../groups/lease.ts';
import type { ClientRequest } from '../http/client-request.ts';
import type { ClientResponse } from '../http/client-response.ts';
import { cutOff } from '../http/cut-off.ts';
import { groupFields } from '../log.ts';
import type { WsgiRoute } from '../routing/route.ts';
import type { ExchangeDeps, ExchangeStart, Refused } from './exchange-parts.ts';
import { failureOf, renderErrorPage } from './failure.ts';
import type { RequestHeaders } from './headers.ts';
import type { FrontLimits } from './limits.ts';
import type { Observation } from './observation.ts';
import { observe } from './observe.ts';
import type { Peer } from './peer.ts';
import { ALLOWED_METHODS, type RefusalRule } from './rules.ts';
import type { Way } from './transport.ts';
import type { Destination } from './upstream-answer.ts';
import type { RequestHead } from './validate.ts';

const exchangeKey = Symbol('exchange');
type CarryingRequest = ClientRequest & { [exchangeKey]?: Exchange };

/** The exchange that a request belongs to; undefined before a front has opened one. */
export function exchangeOf(request: ClientRequest): Exchange | undefined {
  return (request as CarryingRequest)[exchangeKey];
}

const STALLED =
  'Client took nothing of its answer for "limits.sendTimeout", or "responseSocketTimeout" of its group';

const FAULT = 'Request failed inside the sidecar';

export class Exchange {
  readonly request: ClientRequest;
  readonly response: ClientResponse;
  readonly peer: Peer;
  readonly requestId: string;
  readonly headers: RequestHeaders;
  readonly limits: FrontLimits;
  readonly startedAt: number = performance.now();
  readonly deps: ExchangeDeps;
  /** The client waits for a 100 before it sends its body. */
  awaitsContinue: boolean;
  head: RequestHead | undefined;
  /** Set when a group answers. */
  route: WsgiRoute | undefined;
  /** Its place in the queue of its group, as long as it has one. */
  waiting: Waiting | undefined;
  lease: Lease | undefined;
  pid: number | undefined;
  queuedMs: number | undefined;
  /** What the upstream still does for it. */
  answer: { abandon(): void } | undefined;
  /** It asks for a WebSocket; its connection ends with its answer, whatever that is. */
  isHandshake = false;
  destination: Destination | undefined;
  way: Way | undefined;
  /** Tries to reach an upstream so far. */
  attempts = 0;
  /** A process has broken off without an answer, and another one is asked. */
  wasRepeated = false;
  arm: Observation['arm'] = 'own';
  status = 0;
  reason: string | undefined;
  /** The answer broke off because the upstream's did. */
  truncated = false;
  upstreamAt = 0;
  requestBytes = 0;
  /** A small body that was there before anybody was asked; kept for a later try. */
  wholeBody: Buffer | undefined;
  /** What the mount takes; 0 is anything. */
  bodyLimitBytes = 0;
  /** The connection ends with this answer. */
  isLast = false;
  /** Which of the limits of a connection ends it. */
  endedBy: Observation['endedBy'];
  /** The client is watched for taking what is written for it. */
  isWatched = false;
  responseBytes = 0;
  /** `response-socket-timeout` of the daemon process that answers says it for its group. */
  #untakenMs: number | undefined;
  #closed = false;

  constructor(start: ExchangeStart, deps: ExchangeDeps) {
    this.request = start.request;
    this.response = start.response;
    this.peer = start.peer;
    this.requestId = start.requestId;
    this.headers = start.headers;
    this.limits = start.limits;
    this.awaitsContinue = start.request.minorVersion !== 0 && start.headers.expect !== undefined;
    this.deps = deps;
    (start.request as CarryingRequest)[exchangeKey] = this;
    deps.poll.requestBegan(this.startedAt);
    start.response.on('close', onResponseClose);
  }

  get method(): string {
    return this.request.method;
  }

  /** Who is asked, for messages: a server elsewhere has no process here. */
  get answerer(): 'Group process' | 'Upstream' {
    return this.pid === undefined || this.pid === 0 ? 'Upstream' : 'Group process';
  }

  /** Whether nobody is left to answer. */
  get clientGone(): boolean {
    return this.#closed || this.request.socket.destroyed;
  }

  /** The head may be served, and its body be read. Who expects a 100 and announces none gets it at once: nothing is held back. */
  begin(head: RequestHead): void {
    this.head = head;
    if (head.body === 'none' || this.headers.length === '0') this.continueNow();
  }

  /** Marks the exchange as one of a group: it is in flight there from now on. */
  enterGroup(route: WsgiRoute): void {
    this.route = route;
    this.arm = 'sidecar';
    this.deps.observer.requestStarted(route.identity);
  }

  /** Takes a lease; `releaseLease` gives it back. */
  takeLease(lease: Lease): void {
    this.lease = lease;
    this.pid = lease.upstream.pid;
    this.queuedMs = lease.queuedMs;
    this.#untakenMs = lease.upstream.untakenMs;
  }

  /** Gives the lease back, where there is one; whoever takes it cannot harm this request. */
  releaseLease(outcome: LeaseOutcome): void {
    const { lease } = this;
    if (lease === undefined) return;
    this.lease = undefined;
    try {
      lease.release(outcome, this.route?.options.ignoreActivity);
    } catch (error) {
      this.#tellFault(error);
    }
  }

  /** Writes to the log that another process is asked. */
  repeat(error: Error): void {
    this.wasRepeated = true;
    const message = `${this.answerer} ended before it answered: another one is asked`;
    this.deps.log.warn(this.#logFields({ err: error }), message);
  }

  /** Lets a waiting client send its body. */
  continueNow(): void {
    if (!this.awaitsContinue) return;
    this.awaitsContinue = false;
    this.response.writeContinue();
  }

  /** Writes the head of the answer; throws where HTTP does not allow it. */
  writeHead(status: number, reasonPhrase: string, headers: string[]): void {
    const { response } = this;
    this.status = status;
    // A client that was not told to continue may or may not send its body: only a new connection is unambiguous.
    if (this.awaitsContinue) this.isLast = true;
    if (this.isLast || this.#isEarly || this.deps.listener.isClosing) response.isLast = true;
    response.writeHead(status, reasonPhrase, headers);
  }

  /** Nobody reads the body for an answer of our own, and its chunks may yet turn out to be none: what is behind them has no answer then. */
  get #isEarly(): boolean {
    return this.arm === 'own' && this.headers.coding !== undefined && !this.request.complete;
  }

  /** Answers with an error page, unless an answer has begun or nobody is left to read it; writes to the log why. */
  refuse(refused: Refused): void {
    const { status, reason, message } = refused;
    if (message !== undefined) this.deps.log.info(this.#logFields({ status, reason }), message);
    if (this.clientGone || this.response.headersSent) return;
    this.reason = reason;
    const page = renderErrorPage(status, this.requestId);
    const headers = ['Content-Type', 'text/html; charset=utf-8', 'Content-Length', String(page.length)];
    headers.push('X-Request-Id', this.requestId, ...(refused.headers ?? []));
    if (status === 405 && refused.headers === undefined) headers.push('Allow', ALLOWED_METHODS);
    if (refused.close === true) this.isLast = true;
    // Given in words: a response that was begun in vain may still hold an upstream's reason phrase.
    this.writeHead(status, STATUS_CODES[status] ?? 'Error', headers);
    this.response.end(Buffer.from(page, 'latin1'));
    if (this.request.method !== 'HEAD') this.responseBytes += page.length;
  }

  /** Answers for a failure by the one table, and writes it to the log; what has begun already is broken off. */
  fail(code: ErrorCode, message: string, cause?: { error?: unknown; retryAfterSeconds?: number }): void {
    if (this.response.headersSent && !this.clientGone) {
      this.breakOff(code, message, cause?.error);
      return;
    }
    const failure = failureOf(code, cause?.retryAfterSeconds);
    this.deps.log[failure.level](this.#logFields({ reason: reasonOf(code), err: cause?.error }), message);
    const retry = failure.retryAfterSeconds;
    const headers = retry === undefined ? [] : ['Retry-After', String(retry)];
    this.refuse({ status: failure.status, reason: reasonOf(code), headers });
  }

  /** A fault of the sidecar in the middle of it: answered where that can be, else broken off. */
  collapse(error: unknown, message: string = FAULT): void {
    if (this.status === 101) this.breakOff('ERR_INTERNAL', message, error);
    else this.fail('ERR_INTERNAL', message, { error });
    this.deps.observer.errorUnexpected();
  }

  /** Whether more of the body has come than the mount takes. */
  get bodyIsTooLong(): boolean {
    return this.bodyLimitBytes > 0 && this.requestBytes > this.bodyLimitBytes;
  }

  /** The client's body will not be whole: it has nothing to wait for, and the upstream neither. An answer that is whole stays one. */
  giveUpOnBody(rule: RefusalRule): void {
    if (this.response.isEnded) return;
    if (this.response.headersSent) {
      this.reason = rule.reason;
      this.deps.log.info(this.#logFields({ reason: rule.reason }), rule.message);
      cutOff(this.request.socket);
    } else {
      this.releaseLease('abandoned');
      this.refuse({ ...rule, close: true });
    }
    this.answer?.abandon();
  }

  /** From now on a client that takes nothing of what is written for it loses its connection. */
  watchSending(): void {
    if (this.isWatched) return;
    this.isWatched = true;
    this.response.untakenMs = this.#untakenMs ?? this.limits.sendTimeoutMs;
    this.request.socket.setTimeout(this.response.untakenMs);
    this.response.on('timeout', this.#stalled);
  }

  readonly #stalled = (): void => {
    // Where nothing waits to be taken, it is the application that is slow.
    if (this.response.writableLength === 0) return;
    this.reason = 'send_timeout';
    this.endedBy = 'send_timeout';
    this.deps.log.info(this.#logFields({ reason: this.reason }), STALLED);
    cutOff(this.request.socket);
  };

  /** Breaks the client's connection so that what was sent cannot be taken for the whole. */
  breakOff(code: ErrorCode, message: string, error?: unknown): void {
    this.truncated = true;
    this.reason = reasonOf(code);
    this.deps.log.error(this.#logFields({ reason: this.reason, err: error }), message);
    cutOff(this.request.socket);
  }

  #logFields(more: object): object {
    const { requestId, route, pid, head, request } = this;
    const group = route === undefined ? {} : { mount: route.mount.id, pid, ...groupFields(route.identity) };
    return { request_id: requestId, host: head?.host, target: request.target, ...group, ...more };
  }

  /** The end: the response is out, or the client is gone. A fault in one step leaves no other undone. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const aborted = !this.response.isFinished && !this.truncated && this.status !== 101;
    this.releaseLease(aborted ? 'abandoned' : 'answered');
    try {
      this.deps.poll.requestEnded();
      this.waiting?.leave();
      // What the upstream still does is for nobody; after a whole answer there is nothing left to end.
      this.answer?.abandon();
      this.deps.unwanted.watch(this.response, this.requestId);
    } catch (error) {
      this.#tellFault(error);
    }
    try {
      this.deps.observer.requestFinished(observe(this, aborted));
    } catch (error) {
      this.#tellFault(error);
    }
  }

  #tellFault(error: unknown): void {
    this.deps.log.error(this.#logFields({ code: 'ERR_INTERNAL', err: error }), FAULT);
    this.deps.observer.errorUnexpected();
  }
}

function onResponseClose(this: ClientResponse): void {
  exchangeOf(this.request)?.close();
}
