/** A server of HTTP/1.1 for clients: it accepts connections and ends them; what they ask for is others' to answer. */
import { createServer, type Server, type Socket } from 'node:net';
import { ClientConnection } from './client-connection.ts';
import { ConnectionClock } from './connection-clock.ts';
import type { ConnectionHome } from './connection-home.ts';
import type { ConnectionLimits } from './connection-limits.ts';

/** Who answers. `opened` is told of each connection before anything is read of it. */
export type ServerHandler = Omit<ConnectionHome, 'limits'> & {
  opened(connection: ClientConnection): void;
};

/** Lives until it has been closed and its last connection has ended. */
export class HttpServer {
  /** What listens. */
  readonly listening: Server;
  readonly #connections = new Set<ClientConnection>();
  readonly #clock = new ConnectionClock();
  readonly #handler: ServerHandler;
  readonly #drained: (() => void)[] = [];
  readonly #home: ConnectionHome & { limits: ConnectionLimits };

  constructor(handler: ServerHandler, limits: ConnectionLimits) {
    this.#handler = handler;
    this.#home = { ...handler, limits };
    this.limits = limits;
    this.listening = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#open(socket));
  }

  get connections(): ReadonlySet<ClientConnection> {
    return this.#connections;
  }

  get limits(): ConnectionLimits {
    return this.#home.limits;
  }

  /** Hold from now on, for connections that are open as well. */
  set limits(limits: ConnectionLimits) {
    this.#home.limits = limits;
    this.#clock.setLimits([limits.headTimeoutMs, limits.keepAliveTimeoutMs]);
  }

  /** Accepts no more; resolves when the last connection has ended. */
  stopAccepting(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.listening.close(() => this.#tellDrained());
    });
  }

  /** Ends connections that wait for their next request, or for the rest of a body that nobody wants. */
  closeIdle(): void {
    for (const connection of this.#connections) connection.endWhereIdle();
  }

  #tellDrained(): void {
    if (this.listening.listening || this.#connections.size > 0) return;
    for (const tell of this.#drained.splice(0)) tell();
  }

  /**
   * Whether it had been reset before it was accepted. What it has sent can still be read, and its address not any more: it would look like
   * a Unix socket's. One that is known now is known for good.
   */
  #hasLeft(socket: Socket): boolean {
    if (socket.remoteAddress !== undefined) return false;
    const address = this.listening.address();
    return typeof address === 'object' && address !== null;
  }

  #open(accepted: Socket): void {
    const connection = new ClientConnection(accepted, this.#home);
    if (this.#hasLeft(connection.socket)) {
      connection.socket.destroy();
      return;
    }
    this.#connections.add(connection);
    this.#clock.watch(connection);
    connection.socket.once('close', () => {
      this.#connections.delete(connection);
      this.#clock.forget(connection);
      this.#tellDrained();
    });
    this.#handler.opened(connection);
  }
}
