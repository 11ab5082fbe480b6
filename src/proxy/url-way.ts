/** A way to an `http://host:port` origin: undici chooses among its connections and keeps the time itself. */
import type { Dispatcher, Pool } from 'undici';
import { endResponseHead, type ResponseHead, readResponseFields } from './response-headers.ts';
import type { AnswerHandler, UpstreamRequest, UpstreamTimeouts, Way } from './transport.ts';

/** Connections kept to one URL. */
const URL_CONNECTIONS = 128;

/** undici is loaded for the first of them: most sidecars have none, and it takes 14 MB. */
export class UrlWay implements Way {
  readonly #opened: Promise<Pool>;
  #pool: Pool | undefined;

  constructor(url: string, timeouts: UpstreamTimeouts) {
    this.#opened = openPool(url, timeouts);
  }

  send(request: UpstreamRequest, answer: AnswerHandler): void {
    if (this.#pool !== undefined) dispatch(this.#pool, request, answer);
    else void this.#sendFirst(request, answer);
  }

  async close(): Promise<void> {
    const pool = await this.#opened;
    await pool.close();
  }

  async #sendFirst(request: UpstreamRequest, answer: AnswerHandler): Promise<void> {
    try {
      this.#pool = await this.#opened;
      dispatch(this.#pool, request, answer);
    } catch (error) {
      answer.failed(error as Error);
    }
  }
}

async function openPool(url: string, timeouts: UpstreamTimeouts): Promise<Pool> {
  const undici = await import('undici');
  const { connectTimeoutMs, responseTimeoutMs } = timeouts;
  return new undici.Pool(new URL(url).origin, {
    connections: URL_CONNECTIONS,
    pipelining: 1,
    connectTimeout: connectTimeoutMs,
    headersTimeout: responseTimeoutMs,
    bodyTimeout: responseTimeoutMs,
  });
}

function dispatch(pool: Pool, request: UpstreamRequest, answer: AnswerHandler): void {
  const { method, path, headers, body } = request;
  pool.dispatch(
    {
      path,
      method: method as Dispatcher.HttpMethod,
      headers: [...headers],
      body,
      // Without it undici ends the connection after every HEAD and every body that it does not expect.
      reset: false,
      blocking: false,
    },
    new DispatchHandler(answer),
  );
}

/** Tells an answer's handler in our words what undici tells. */
class DispatchHandler implements Dispatcher.DispatchHandler {
  readonly #answer: AnswerHandler;
  #abort: (error?: Error) => void = ignore;

  constructor(answer: AnswerHandler) {
    this.#answer = answer;
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    this.#answer.connected(() => abort());
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, reason: string): boolean {
    if (status < 200) {
      this.#answer.interim(status);
      return true;
    }
    let fields: ResponseHead;
    try {
      fields = readResponseFields(raw);
      endResponseHead(fields);
    } catch (error) {
      this.#abort(error as Error);
      return false;
    }
    this.#answer.head({ status, reason: bytesOf(reason), fields }, resume);
    return true;
  }

  onData(bytes: Buffer): boolean {
    return this.#answer.data(bytes);
  }

  onComplete(): void {
    this.#answer.complete();
  }

  onError(error: Error): void {
    this.#answer.failed(error);
  }
}

/** undici has decoded the phrase as UTF-8; on the wire it is bytes. What was no UTF-8 is not shown. */
function bytesOf(reason: string): string {
  return reason.includes('\ufffd') ? '' : Buffer.from(reason, 'utf8').toString('latin1');
}

function ignore(): void {
  // Nothing can be given up before there is a connection.
}
