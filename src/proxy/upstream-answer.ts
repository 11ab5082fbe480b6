/**
 * An upstream's answer on its way to the client: the handler that the transport calls. Laws: a body that the upstream did not
 * finish never looks whole to the client; the upstream is read no faster than the client reads; a small whole answer is one write.
 */
import type { ErrorCode } from '../errors.ts';
import { AnswerOutlet } from './answer-outlet.ts';
import { bodyPassed } from './body-memory.ts';
import type { RequestEnviron } from './environ.ts';
import type { Exchange } from './exchange.ts';
import { outcomeReason } from './outcome.ts';
import type { ReadMemory } from './read-memory.ts';
import { afterEnd, mayRepeat } from './repeat.ts';
import { cleanReason, type ResponseHead } from './response-headers.ts';
import type { AnswerHandler, AnswerHead } from './transport.ts';

/** Up to this many bytes the head waits for the body's first chunk; larger or unannounced bodies get their head at once. */
const WAIT_FOR_BODY_BYTES = 65_536;

/** Where a request goes: with which headers, and what its answer is worth. */
export type Destination = {
  /** Flat list of names and values, without those that the transport makes. */
  readonly headers: string[];
  /** For the built-in worker, which the transport tells it; others have it among the headers, the legacy upstream nowhere. */
  readonly environ: RequestEnviron | undefined;
  /** What stands in the request line in place of the client's method and target. */
  readonly line?: { readonly method: string; readonly path: string };
  /** The client speaks TLS to the front before the listener. */
  readonly tls: boolean;
  /** An answer that only the end of the connection ends counts as whole. */
  readonly trustClose: boolean;
  /** Called when no connection could be made and nothing has been sent, or when what was sent may be sent again. */
  readonly connectFailed: (exchange: Exchange, error: Error) => void;
};

/** Lives from the dispatch to the end that the transport tells; then the connection goes back. */
export class UpstreamAnswer implements AnswerHandler {
  readonly #exchange: Exchange;
  readonly #destination: Destination;
  #abort: (() => void) | undefined;
  #resume: (() => void) | undefined;
  #outlet: AnswerOutlet | undefined;
  #head: ResponseHead | undefined;
  #reasonPhrase = '';
  /** The client's answer is complete or broken off; what still comes is not for it. */
  #done = false;
  #abandoned = false;
  #timedOut = false;

  constructor(exchange: Exchange, destination: Destination) {
    this.#exchange = exchange;
    this.#destination = destination;
  }

  /** Ends the upstream's work: the client is gone. */
  abandon(): void {
    this.#abandoned = true;
    this.#done = true;
    this.#exchange.responseBytes -= this.#outlet?.discard() ?? 0;
    this.#abort?.();
  }

  /** Ends the upstream's work: it has been silent for too long. */
  timeOut(): void {
    this.#timedOut = true;
    if (this.#abort !== undefined) this.#abort();
    else {
      this.#abandoned = true;
      this.#exchange.fail('ERR_UPSTREAM_TIMEOUT', `${this.#exchange.answerer} took no connection in time`);
    }
  }

  connected(abort: () => void): void {
    this.#abort = abort;
    if (this.#abandoned) abort();
  }

  /** 102 says that the application has begun to read: now the client may send its body. */
  interim(status: number): void {
    if (status === 102 && !this.#done) this.#exchange.continueNow();
  }

  head({ status, reason, fields }: AnswerHead, resume: () => void): void {
    const exchange = this.#exchange;
    exchange.upstreamAt = performance.now();
    exchange.deps.poll.heard(exchange.upstreamAt);
    if (this.#done) return;
    if (fields.outcome !== undefined && exchange.route !== undefined) {
      this.#replace(status, fields.outcome);
      return;
    }
    exchange.status = status;
    this.#head = fields;
    this.#resume = resume;
    this.#reasonPhrase = cleanReason(status, reason);
    if (exchange.request.method === 'HEAD' || status === 204 || status === 304) this.#endWithoutBody(status);
    else if (fields.length < 0 || fields.length > WAIT_FOR_BODY_BYTES) this.#sendHeadNow();
  }

  data(bytes: Buffer, memory?: ReadMemory): boolean {
    if (this.#done) return true;
    const { response } = this.#exchange;
    this.#exchange.responseBytes += bytes.length;
    if (!response.headersSent) {
      if (!this.#writeHead()) return true;
      if (bytes.length === this.#head?.length) {
        this.#done = true;
        this.#exchange.response.end(bytes);
        return true;
      }
    }
    // The transport reads on into the same memory.
    if (memory?.mayBeKept !== true) return this.#write(copyOf(bytes));
    const mayGoOn = this.#write(bytes);
    // What the system has taken at once is kept by nobody.
    if (this.#outlet?.isKeeping === true || response.writableLength > 0) {
      memory.keep();
      bodyPassed(bytes.length);
    }
    return mayGoOn;
  }

  #write(piece: Buffer): boolean {
    if (this.#outlet !== undefined) return this.#outlet.write(piece);
    if (this.#exchange.response.write(piece)) return true;
    this.#outlet = new AnswerOutlet(this.#exchange, this.#resume as () => void);
    return false;
  }

  complete(): void {
    const exchange = this.#exchange;
    // The connection is another request's from now on.
    this.#abort = undefined;
    if (!this.#done) this.#end();
    exchange.releaseLease('answered');
  }

  #end(): void {
    const endsByClose = this.#endsByClose();
    this.#done = true;
    if (this.#outlet === undefined) this.#finish(endsByClose);
    else this.#outlet.end(() => this.#finish(endsByClose));
  }

  /** All that came has been written for the client. */
  #finish(endsByClose: boolean): void {
    const exchange = this.#exchange;
    if (endsByClose && !this.#destination.trustClose) {
      exchange.breakOff(
        'ERR_UPSTREAM_TRUNCATED',
        'Answer ended by the end of its connection: it may not be whole',
      );
      return;
    }
    if (!exchange.response.headersSent && !this.#writeHead()) return;
    exchange.response.end();
  }

  failed(error: Error): void {
    const exchange = this.#exchange;
    if (this.#abandoned || exchange.clientGone) {
      exchange.releaseLease('abandoned');
      return;
    }
    const { lease } = exchange;
    const ended = lease?.whyEnded?.();
    exchange.releaseLease(this.#done ? 'answered' : 'failed');
    if (this.#done) return;
    this.#done = true;
    const code: ErrorCode = this.#timedOut ? 'ERR_UPSTREAM_TIMEOUT' : (ended?.code ?? codeOf(error));
    if (code === 'ERR_INTERNAL') {
      exchange.collapse(error);
      return;
    }
    if (this.#abort === undefined) {
      this.#destination.connectFailed(exchange, error);
      return;
    }
    const hasCrashed = code === 'ERR_UPSTREAM_TRUNCATED' && ended === undefined && this.#head === undefined;
    if (hasCrashed && lease !== undefined && mayRepeat(exchange, lease, error)) {
      exchange.repeat(error);
      afterEnd(lease.upstream.closed, () => this.#destination.connectFailed(exchange, error));
      return;
    }
    if (exchange.response.headersSent) {
      exchange.breakOff(
        code,
        ended?.message ?? `${exchange.answerer} broke off in the middle of its answer`,
        error,
      );
    } else exchange.fail(code, ended?.message ?? `${exchange.answerer} did not answer`, { error });
  }

  /** An answer that the group process made in the application's place: the client gets a page of ours. */
  #replace(status: number, outcome: string): void {
    this.#done = true;
    const reason = outcomeReason(outcome);
    const message = 'Group process answered in the place of the application: its log says why';
    this.#exchange.refuse({ status, reason, message });
  }

  #endWithoutBody(status: number): void {
    this.#done = true;
    if (status === 204) dropLength(this.#head as ResponseHead);
    if (this.#writeHead()) this.#exchange.response.end();
  }

  /** Never true of an answer without a body: that one is `#done` before it is written. */
  #endsByClose(): boolean {
    const head = this.#head as ResponseHead;
    return head.length < 0 && !head.chunked && !this.#done;
  }

  /** False when the head cannot be sent as it is: then the client has got an error page. */
  #writeHead(): boolean {
    const { response, status } = this.#exchange;
    const { headers } = this.#head as ResponseHead;
    response.endsByClose = this.#endsByClose();
    try {
      this.#exchange.writeHead(status, this.#reasonPhrase, headers);
      return true;
    } catch (error) {
      this.#done = true;
      this.#exchange.fail(
        'ERR_UPSTREAM_INVALID',
        `${this.#exchange.answerer} sent a head that HTTP does not allow`,
        {
          error,
        },
      );
      return false;
    }
  }

  #sendHeadNow(): void {
    if (this.#writeHead()) this.#exchange.response.flushHead();
  }
}

function dropLength(head: ResponseHead): void {
  const { headers } = head;
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if ((headers[i] as string).toLowerCase() === 'content-length') headers.splice(i, 2);
  }
}

function codeOf(error: Error): ErrorCode {
  const { code } = error as Error & { code?: unknown };
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'ERR_UPSTREAM_TIMEOUT';
  if (code === 'UND_ERR_INVALID_ARG') return 'ERR_INTERNAL';
  if (code === 'ERR_UPSTREAM_INVALID') return code;
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || error.name === 'HTTPParserError') return 'ERR_UPSTREAM_INVALID';
  return 'ERR_UPSTREAM_TRUNCATED';
}

function copyOf(bytes: Buffer): Buffer {
  bodyPassed(bytes.length);
  return Buffer.from(bytes);
}
