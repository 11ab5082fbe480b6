/** The body of a request on its way to an upstream. */
import { Readable } from 'node:stream';
import type { ClientBody } from '../http/request-body.ts';
import { bodyPassed } from './body-memory.ts';
import { BodyPace } from './body-pace.ts';
import type { Exchange } from './exchange.ts';
import { REFUSED_BODY } from './rules.ts';

/**
 * Reads a client's body at the upstream's pace. Unlike the request itself it can be destroyed without ending the client's
 * connection: an answer that comes early still gets out, and what the client goes on sending is read and thrown away.
 * Lives as long as one try to forward; a later try makes a new one, since nothing is read before the upstream asks.
 */
export class RequestBody extends Readable {
  readonly #exchange: Exchange;
  readonly #body: ClientBody;
  readonly #pace: BodyPace;
  #started = false;

  constructor(exchange: Exchange, body: ClientBody) {
    super();
    this.#exchange = exchange;
    this.#body = body;
    this.#pace = new BodyPace(exchange);
    this.on('error', ignore);
  }

  get isHeldBack(): boolean {
    return this.#exchange.awaitsContinue;
  }

  override _read(): void {
    if (!this.#started) {
      this.#started = true;
      this.#body.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose);
      this.#body.on('timeout', this.#onTimeout);
      this.#exchange.response.on('timeout', this.#stopTiming);
    }
    // Who has not been asked for the body yet need not send it.
    if (this.#exchange.awaitsContinue) this.#waitAnew();
    else this.#pace.begin(this.#exchange.requestBytes);
    this.#body.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const body = this.#body;
    body.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    body.off('timeout', this.#onTimeout);
    this.#exchange.response.off('timeout', this.#stopTiming);
    if (body.isComplete) this.#stopTiming();
    else if (this.#started && !body.destroyed) body.resume();
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#exchange.requestBytes += chunk.length;
    bodyPassed(chunk.length);
    const broken = this.#exchange.bodyIsTooLong
      ? REFUSED_BODY
      : this.#pace.arrived(this.#exchange.requestBytes);
    if (broken !== undefined) {
      this.#exchange.giveUpOnBody(broken);
      return;
    }
    if (this.push(chunk)) return;
    this.#body.pause();
    this.#pace.rest();
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };

  readonly #onTimeout = (): void => {
    if (this.#body.isPaused() || this.#exchange.awaitsContinue) this.#waitAnew();
    else this.#exchange.giveUpOnBody(this.#pace.rule);
  };

  /** The client has sent all, and the upstream has not taken all: a connection is ended whose time nobody minds. */
  readonly #stopTiming = (): void => {
    if (this.#body.isComplete && !this.#exchange.isWatched) this.#exchange.request.socket.setTimeout(0);
  };

  #waitAnew(): void {
    this.#exchange.request.socket.setTimeout(this.#exchange.limits.bodyTimeoutMs);
  }

  readonly #onClose = (): void => {
    if (!this.#body.isComplete) this.destroy(new Error('the client left before its body was whole'));
  };
}

function ignore(): void {
  // The exchange hears of a broken connection by the response's close.
}
