/**
 * One connection of a client: its requests one after the other, as Apache takes them (RFC 9112 §9.3.2). What stands behind a request is not
 * read as one before its answer has left, so that a POST is done before the GET behind it is begun, and one client takes one thread.
 * Law: after a fault, a last answer or a body that was not read as one, no byte is taken for a request.
 */
import type { Socket } from 'node:net';
import { ClientRequest } from './client-request.ts';
import { ClientResponse } from './client-response.ts';
import type { Waiting } from './connection-clock.ts';
import type { ConnectionHome, RefusableConnection } from './connection-home.ts';
import { type Phase, waitLimitMs } from './connection-phase.ts';
import { cutOff } from './cut-off.ts';
import { HeadReader } from './head-reader.ts';
import { KeptBytes } from './kept-bytes.ts';
import type { ClientBody } from './request-body.ts';
import { readShared } from './shared-reading.ts';
import { type WireFault, wireFault } from './wire-fault.ts';

/** Bytes behind a request under way that are kept; beyond it nothing more is read until there is room. */
const KEPT_BYTES = 16_384;

/** Lives as long as its socket, or until that becomes a tunnel. */
export class ClientConnection implements Waiting, RefusableConnection {
  readonly socket: Socket;
  readonly #home: ConnectionHome;
  readonly #head = new HeadReader();
  readonly #kept = new KeptBytes();
  #phase: Phase = 'head';
  /** Since when it has been its client's turn, where there is a limit to that. */
  #since = performance.now();
  /** The request that was under way when nothing more was to be read. */
  #heldFor: ClientRequest | undefined;
  /** Who has the socket. */
  #takeOver: ((bytes: Buffer) => void) | undefined;
  /** The body under way has turned out to be none. */
  #isBroken = false;
  #request: ClientRequest | undefined;
  #response: ClientResponse | undefined;

  /** Takes the place of a socket that a server has accepted with `pauseOnConnect`. */
  constructor(accepted: Socket, home: ConnectionHome) {
    this.#home = home;
    const socket = readShared(accepted, (bytes) => this.#takeSafely(bytes));
    this.socket = socket;
    socket.on('end', this.#onEnd).on('drain', this.#onDrain);
    socket.on('timeout', this.#onTimeout).on('close', () => this.#closed());
    // What follows is its close.
    socket.on('error', () => undefined);
  }

  get keepAliveMs(): number {
    return this.#home.limits.keepAliveTimeoutMs;
  }

  /** Whether it waits for its next request. */
  get isIdle(): boolean {
    return this.#phase === 'idle';
  }

  /** Ends it where no answer is under way or to come: one that waits for its next request, or whose last body is for nobody. */
  endWhereIdle(): void {
    if (this.isIdle) this.socket.destroy();
    else if (this.#phase === 'dumping') this.#linger();
  }

  refuse(answer: string, atOnce: boolean): void {
    if (this.#phase === 'gone' || this.#phase === 'lingering') return;
    this.#response?.close();
    this.socket.write(answer, 'latin1');
    this.#linger();
    if (atOnce) this.socket.destroySoon();
  }

  /** Ends it at once, so that what was sent of an answer cannot be taken for the whole. */
  breakOff(): void {
    if (this.#response?.headersSent === true) cutOff(this.socket);
    else this.socket.destroy();
  }

  /** Gives the socket away: `take` is given what has come behind the head, and all that is read from now on. */
  giveAway(take: (bytes: Buffer) => void): void {
    const { socket } = this;
    this.#phase = 'gone';
    this.#takeOver = take;
    this.#hold(false);
    socket.off('end', this.#onEnd).off('drain', this.#onDrain).off('timeout', this.#onTimeout);
    if (this.#kept.length > 0) take(this.#kept.view());
  }

  answered(response: ClientResponse): void {
    if (this.#phase !== 'request' || response !== this.#response) return;
    this.#response = undefined;
    if (this.socket.timeout) this.socket.setTimeout(0);
    try {
      if (response.isLast || !this.#mayGoOn()) this.#linger();
      else if (this.#request?.complete === false) this.#dump(this.#request);
      else this.#next();
    } catch (error) {
      this.#fail(error);
    }
  }

  untaken(request: ClientRequest): void {
    try {
      this.#home.untaken(request);
    } catch (error) {
      this.#fail(error);
    }
  }

  look(now: number): void {
    const phase = this.#phase;
    if (phase === 'request') this.#response?.look(now);
    const limitMs = waitLimitMs(phase, this.#home.limits, this.socket.writableFinished);
    if (limitMs === 0 || now - this.#since <= limitMs) return;
    if (phase === 'head') this.#fault(wireFault('late', 'no whole head'));
    else if (phase === 'lingering') this.socket.destroy();
    else this.#endIdle();
  }

  /** What goes wrong with one client's bytes harms that client alone. */
  #takeSafely(bytes: Buffer): void {
    try {
      this.#take(bytes);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.breakOff();
    this.#home.failed(error);
  }

  #take(bytes: Buffer): void {
    if (this.#phase === 'head' || this.#phase === 'idle') this.#readHead(bytes);
    else if (this.#isUnderWay()) {
      // What stands behind a body that is none is not read as more of it.
      if (this.#isBroken) return;
      this.#kept.add(bytes);
      if (this.#phase === 'dumping') this.#since = performance.now();
      this.feed();
    } else if (this.#phase === 'gone') this.#takeOver?.(Buffer.from(bytes));
  }

  /** Bytes that have just come, or all that are kept. */
  #readHead(bytes: Buffer): void {
    const isKept = this.#kept.length > 0;
    const reading = this.#head.read(bytes, this.#home.limits);
    if (isKept && reading.kind !== 'head') this.#kept.drop(bytes.length);
    if (reading.kind === 'more') {
      if (this.#phase === 'idle' && this.#head.hasBegun) {
        this.#phase = 'head';
        this.#since = performance.now();
      }
    } else if (reading.kind === 'fault') this.#fault(reading.fault);
    else {
      if (isKept) this.#kept.drop(bytes.length - reading.rest);
      else if (reading.rest > 0) this.#kept.add(bytes.subarray(bytes.length - reading.rest));
      this.#phase = 'request';
      this.#request = new ClientRequest(reading.head, this);
      this.#response = new ClientResponse(this.#request, this);
      this.#home.request(this.#request, this.#response);
      if (this.#kept.length > KEPT_BYTES) this.feed();
    }
  }

  /** Gives what is kept to the body under way, where that wants it, and holds the client back where too much of it is left. */
  feed(): void {
    if (!this.#isUnderWay()) return;
    const body = this.#request?.body;
    const { length } = this.#kept;
    if (length > 0 && body?.isComplete === false && body.isWanted) {
      const bytes = this.#kept.view();
      // Before they are given: who takes them may ask for more at once.
      this.#kept.drop(length);
      const { count, fault } = body.receive(bytes);
      if (count < length) this.#kept.add(bytes.subarray(count));
      if (fault !== undefined && !this.#isBroken) this.#bodyFault(fault);
    }
    if (this.#phase === 'dumping' && body?.isComplete === true) this.#next();
    else this.#hold(this.#isFull(body));
  }

  #isUnderWay(): boolean {
    return this.#phase === 'request' || this.#phase === 'dumping';
  }

  #isFull(body: ClientBody | undefined): boolean {
    if (body !== undefined && !body.isComplete) return !body.isWanted;
    return this.#kept.length > KEPT_BYTES;
  }

  #hold(isHeld: boolean): void {
    if (isHeld === (this.#heldFor !== undefined)) return;
    const request = this.#heldFor ?? (this.#request as ClientRequest);
    this.#heldFor = isHeld ? request : undefined;
    if (isHeld) this.socket.pause();
    else this.socket.resume();
    this.#home.held(request, isHeld);
  }

  #bodyFault(fault: WireFault): void {
    this.#isBroken = true;
    const request = this.#request as ClientRequest;
    // Who has just asked for the body is not ready to hear it.
    if (this.#phase === 'request') process.nextTick(() => this.#home.brokenBody(request, fault));
    else this.#linger();
  }

  #dump(request: ClientRequest): void {
    this.#phase = 'dumping';
    this.#since = performance.now();
    request.body?.dump();
    this.feed();
  }

  #next(): void {
    this.#phase = 'idle';
    this.#since = performance.now();
    this.#request = undefined;
    if (this.#kept.length > 0) this.#readHead(this.#kept.view());
    this.feed();
    if (!this.#isUnderWay()) this.#hold(false);
  }

  #fault(fault: WireFault): void {
    this.#phase = 'refused';
    this.#home.refused(this, fault);
  }

  #endIdle(): void {
    this.socket.destroy();
    this.#home.endedIdle();
  }

  /** Behind a request whose framing nobody has said, or a body that is none, nothing is a request. */
  #mayGoOn(): boolean {
    const request = this.#request;
    const isFramed = request !== undefined && (request.complete || request.body !== undefined);
    return isFramed && !this.#isBroken && this.socket.writable;
  }

  /**
   * Ends it, and takes in what still comes for a while: closed at once, the system would reset it for every byte that is unread or comes
   * later, and the reset destroys the answer that the client has not read yet.
   */
  #linger(): void {
    const { socket } = this;
    this.#phase = 'lingering';
    this.#since = performance.now();
    this.#kept.drop(this.#kept.length);
    socket.setTimeout(0);
    if (socket.writable) socket.end(() => this.#lingered());
    else this.#lingered();
    this.#hold(false);
  }

  #lingered(): void {
    this.#since = performance.now();
    if (this.socket.readableEnded) this.socket.destroy();
  }

  /** The client has ended its side: what is under way is for nobody. */
  readonly #onEnd = (): void => {
    if (this.#phase === 'lingering' && this.socket.writableFinished) this.socket.destroy();
    else if (this.#response?.isEnded === false) this.breakOff();
    else {
      this.#response?.leave();
      this.socket.end();
    }
  };

  readonly #onDrain = (): void => {
    this.#response?.emit('drain');
  };

  readonly #onTimeout = (): void => {
    const body = this.#request?.body;
    const isHeard = body !== undefined && !body.isComplete && body.emit('timeout');
    if (!(this.#response?.emit('timeout') ?? false) && !isHeard) this.breakOff();
  };

  #closed(): void {
    this.#hold(false);
    const body = this.#request?.body;
    if (body !== undefined && !body.isComplete) body.destroy();
    this.#response?.close();
    this.#phase = 'gone';
  }
}
