/**
 * One connection to a group process: one request at a time, framed here. Law: it is used again only when its last request was
 * sent whole and its last answer was read whole; whatever else happens, it is destroyed.
 */
import { Socket } from 'node:net';
import { AnswerReader, type AnswerSink } from './answer-reader.ts';
import { ReadMemory } from './read-memory.ts';
import type { ResponseClock, Timed } from './response-clock.ts';
import type { AnswerHandler, AnswerHead, ComingBody, UpstreamRequest, Way } from './transport.ts';
import { outliveBrokenPipe } from './upstream-socket.ts';
import { WorkerEnvirons } from './worker-environs.ts';

/** Where a connection belongs. */
export type ConnectionHome = {
  /** The path of a Unix socket, or a port. */
  readonly place: string | { readonly host: string; readonly port: number };
  /** Whether a connection may carry one request after another. */
  readonly keepsConnections: boolean;
  readonly clock: ResponseClock;
  /** How long a connection over TCP may take; undefined: as mod_wsgi's `connect-timeout`. */
  readonly connectMs: number | undefined;
  /** It may be used again. */
  giveBack(connection: UpstreamConnection): void;
  /** It has ended. */
  forget(connection: UpstreamConnection): void;
};

/** When writes are to wait: what has not been taken of a body. */
const WRITE_AHEAD_BYTES = 65_536;

/** The default of `connect-timeout` of mod_wsgi. */
const CONNECT_TIMEOUT_MS = 15_000;

/** Lives as long as its socket. */
export class UpstreamConnection implements Way, Timed, AnswerSink {
  readonly #home: ConnectionHome;
  readonly #socket: Socket;
  readonly #reader: AnswerReader = new AnswerReader(this);
  readonly #memory = new ReadMemory();
  readonly #environs = new WorkerEnvirons();
  #answer: AnswerHandler | undefined;
  /** What has to be sent yet, as long as it is not whole. */
  #body: ComingBody | undefined;
  #isChunked = false;
  #error: Error | undefined;
  #isConnected = false;
  #isPipeBroken: (() => boolean) | undefined;
  #wantsMore = true;
  silentSince = -1;

  /** Begins to connect at once. */
  constructor(home: ConnectionHome) {
    this.#home = home;
    home.clock.watch(this);
    const onread = {
      buffer: () => this.#memory.next(this.#answer !== undefined),
      callback: (count: number) => this.#read(count),
    };
    const socket = new Socket({ highWaterMark: WRITE_AHEAD_BYTES, onread } as object);
    socket.on('connect', () => this.#connected());
    socket.on('end', () => this.#endOfInput());
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.#closed());
    this.#socket = socket;
    const { place } = home;
    if (typeof place === 'string') socket.connect(place);
    else limitConnect(socket.setNoDelay(true), home.connectMs).connect(place);
  }

  send(request: UpstreamRequest, answer: AnswerHandler): void {
    this.#answer = answer;
    // Sent from within the end of the last answer, whose client may have wanted no more of it.
    this.#wantsMore = true;
    this.hear();
    this.#reader.expect(request.method);
    const { body } = request;
    const head = this.#renderHead(request);
    const isWhole = body === null || Buffer.isBuffer(body);
    // One write, so that no process ends between the two.
    this.#socket.write(body === null || !isWhole ? head : head + body.toString('latin1'), 'latin1');
    // The other side has gone before it was given anything: that is no request of its.
    if (this.#socket.errored !== null || this.#isPipeBroken?.() === true) this.#isConnected = false;
    if (this.#isConnected) answer.connected(this.#abort);
    // Told that it is not wanted, it has gone in the meantime.
    if (isWhole || this.#answer === undefined) return;
    this.#body = body;
    this.#isChunked = !request.headers.includes('content-length');
    // Nothing is read of a client's body before somebody can take it: another connection may have to.
    if (this.#isConnected) this.#sendBody(body);
  }

  /** Names and values have been through a parser that lets no line end pass, or are ours. */
  #renderHead({ method, path, headers, environ, body }: UpstreamRequest): string {
    let text = `${method} ${path} HTTP/1.1\r\n`;
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    if (body !== null && !headers.includes('content-length')) text += 'transfer-encoding: chunked\r\n';
    if (environ !== undefined) text += this.#environs.lines(environ);
    // A server that ends the connection by itself could do so while the next request is on its way.
    return this.#home.keepsConnections ? `${text}\r\n` : `${text}connection: close\r\n\r\n`;
  }

  /** Ends it; nobody waits for it. */
  close(): void {
    this.#socket.destroy();
  }

  timeOut(): void {
    this.#answer?.timeOut();
  }

  /** The upstream has been heard of, or has been given something to do; while it waits for its client it is not to blame. */
  hear(): void {
    this.silentSince =
      this.#body !== undefined && this.#isWaitingFor(this.#body) ? -1 : this.#home.clock.tick;
  }

  #isWaitingFor({ isHeldBack = false }: ComingBody): boolean {
    return !isHeldBack && !this.#socket.writableNeedDrain;
  }

  interim(status: number): void {
    this.#answer?.interim(status);
    this.hear();
  }

  head(answer: AnswerHead): void {
    this.#answer?.head(answer, this.#resume);
  }

  data(bytes: Buffer): void {
    if (this.#answer?.data(bytes, this.#memory) === false) this.#wantsMore = false;
  }

  end(): void {
    const answer = this.#answer;
    this.#answer = undefined;
    const isSent = this.#body === undefined;
    this.#dropBody();
    this.silentSince = -1;
    if (isSent && this.#reader.mayStay && this.#home.keepsConnections) this.#home.giveBack(this);
    else this.#socket.destroy();
    answer?.complete();
  }

  readonly #abort = (): void => this.#fail(new Error('request was given up'));

  readonly #resume = (): void => {
    this.hear();
    this.#wantsMore = true;
    this.#socket.resume();
  };

  #connected(): void {
    this.#isConnected = true;
    this.#answer?.connected(this.#abort);
    if (this.#body !== undefined) this.#sendBody(this.#body);
  }

  /** False stops reading. */
  #read(count: number): boolean {
    if (this.#answer === undefined) {
      this.#leave();
      return false;
    }
    this.hear();
    this.#wantsMore = true;
    try {
      this.#reader.read(this.#memory.read(count));
    } catch (error) {
      this.#fail(error as Error);
    }
    if (this.#answer === undefined) {
      this.silentSince = -1;
      return true;
    }
    // While the client is slow the upstream is not to blame.
    if (!this.#wantsMore) this.silentSince = -1;
    return this.#wantsMore;
  }

  #endOfInput(): void {
    if (!this.#reader.endOfInput()) this.#leave();
  }

  /** At once: its end is told by an event, and until then it could be taken for another request. */
  #leave(): void {
    this.#home.forget(this);
    this.#socket.destroy();
  }

  #closed(): void {
    this.#home.clock.forget(this);
    this.#home.forget(this);
    this.#fail(this.#error ?? new Error('other side closed'));
  }

  #fail(error: Error): void {
    const answer = this.#answer;
    this.#answer = undefined;
    this.silentSince = -1;
    this.#dropBody();
    this.#socket.destroy();
    answer?.failed(error);
  }

  #sendBody(body: ComingBody): void {
    this.#prepareForBodies();
    body.on('data', (bytes: Buffer) => {
      if (!this.#writeBody(bytes)) body.pause();
      this.hear();
    });
    body.once('end', () => {
      if (this.#body !== body) return;
      if (this.#isChunked) this.#socket.write('0\r\n\r\n', 'latin1');
      this.#body = undefined;
      this.hear();
    });
    body.once('close', () => {
      if (this.#body === body) this.#fail(new Error('the client left before its body was whole'));
    });
    this.hear();
  }

  #writeBody(bytes: Buffer): boolean {
    const socket = this.#socket;
    if (!this.#isChunked) return socket.write(bytes);
    socket.cork();
    socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    socket.write(bytes);
    const mayGoOn = socket.write('\r\n', 'latin1');
    socket.uncork();
    return mayGoOn;
  }

  /** Only bodies are worth it: a connection that never carries one writes by the shortest way. */
  #prepareForBodies(): void {
    if (this.#isPipeBroken !== undefined) return;
    this.#isPipeBroken = outliveBrokenPipe(this.#socket);
    this.#socket.on('drain', () => {
      this.#body?.resume();
      this.hear();
    });
  }

  #dropBody(): void {
    const body = this.#body;
    this.#body = undefined;
    body?.destroy();
  }
}

/** For TCP alone: at a Unix socket the kernel answers at once. */
function limitConnect(socket: Socket, limitMs = CONNECT_TIMEOUT_MS): Socket {
  const giveUp = (): Socket => socket.destroy(new Error('no connection in time'));
  socket.setTimeout(limitMs).once('timeout', giveUp);
  return socket.once('connect', () => socket.off('timeout', giveUp).setTimeout(0));
}
