/**
 * A WebSocket connection after its handshake: bytes in both directions until one side ends. Law: when the sidecar has to end it,
 * the client is told so by a Close frame between two frames of the upstream, or at the deadline not at all.
 */
import type { Socket } from 'node:net';
import { FrameBoundary, GOING_AWAY } from './frame-boundary.ts';

/** How long a client may take to answer a Close frame. */
const CLOSE_DEADLINE_MS = 5_000;

/** After so long without a byte the kernel begins to ask whether an upstream's machine is still there; it gives up ten seconds later. */
const ASK_AFTER_MS = 60_000;

/** Both ends, and what has come from them behind their heads. */
export type TunnelEnds = {
  readonly client: Socket;
  readonly upstream: Socket;
  /** From the upstream, behind its 101. */
  readonly first: Buffer;
  /** Milliseconds without a byte in either direction; 0 for no limit. */
  readonly idleTimeoutMs: number;
  /** Without that limit, how long the client may take nothing of what is there for it. */
  readonly sendTimeoutMs: number;
  /** Told which of them was over. */
  readonly onTimeout: (limit: 'web_socket_timeout' | 'send_timeout') => void;
};

/** Lives until both sockets have ended. */
export class Tunnel {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #boundary = new FrameBoundary();
  #isLeaving = false;

  constructor({ client, upstream, first, idleTimeoutMs, sendTimeoutMs, onTimeout }: TunnelEnds) {
    this.#client = client;
    this.#upstream = upstream;
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.setTimeout(0);
    }
    upstream.on('error', () => upstream.destroy());
    upstream.once('close', () => this.#upstreamClosed());
    client.once('close', () => upstream.destroy());
    upstream.setKeepAlive(true, ASK_AFTER_MS);
    // What is written to the client counts as well as what it sends.
    client.setTimeout(idleTimeoutMs || sendTimeoutMs).on('timeout', () => {
      if (this.#isLeaving) return;
      if (idleTimeoutMs > 0) {
        onTimeout('web_socket_timeout');
        this.leave();
      } else if (client.writableLength > 0) {
        onTimeout('send_timeout');
        client.destroy();
      }
    });
    upstream.on('data', (bytes: Buffer) => this.#fromUpstream(bytes));
    client.on('drain', () => upstream.resume());
    client.on('end', () => upstream.end());
    upstream.on('drain', () => client.resume());
    if (first.length > 0) this.#fromUpstream(first);
  }

  /** Takes what its client has sent; the bytes are its own from then on. */
  fromClient(bytes: Buffer): void {
    const upstream = this.#upstream;
    if (upstream.writable && !upstream.write(bytes)) this.#client.pause();
  }

  /** Calls back when the client's connection has ended. */
  ended(callback: () => void): void {
    this.#client.once('close', callback);
  }

  /** Ends it in an orderly way: a Close frame as soon as one fits in, and a deadline. */
  leave(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    const deadline = setTimeout(() => this.#client.destroy(), CLOSE_DEADLINE_MS);
    this.#client.once('close', () => clearTimeout(deadline));
    this.#sayGoodbye();
  }

  #fromUpstream(bytes: Buffer): void {
    if (this.#client.writableEnded) return;
    this.#boundary.pass(bytes);
    if (!this.#client.write(bytes)) this.#upstream.pause();
    if (this.#isLeaving) this.#sayGoodbye();
  }

  #sayGoodbye(): void {
    if (!this.#boundary.isReached || this.#client.writableEnded) return;
    this.#client.end(GOING_AWAY);
    this.#upstream.end();
  }

  /** The client's end may still have something to say; its connection is no longer of use to it. */
  #upstreamClosed(): void {
    if (!this.#client.writableEnded) this.#client.end();
    this.#client.destroySoon();
  }
}
