/** A listener: the HTTP server on one address, with the limits that guard a head, and an orderly end. */
import type { ClientRequest } from '../http/client-request.ts';
import type { RefusableConnection } from '../http/connection-home.ts';
import type { ConnectionLimits } from '../http/connection-limits.ts';
import { HttpServer } from '../http/http-server.ts';
import { type BindOptions, type BoundSocket, bindServer } from './bind-server.ts';
import { ruleOf } from './client-error.ts';
import { Connections } from './connections.ts';
import { exchangeOf } from './exchange.ts';
import type { Front } from './front.ts';
import { FRONT_LIMITS, type FrontLimits } from './limits.ts';

/** Where to listen, and how long to wait for whom. */
export type ListenerOptions = BindOptions & {
  /** The end of the error when the address cannot be had: what to do besides freeing it. */
  readonly advice?: string;
  /** Where its connections are counted; by default for itself. */
  readonly connections?: Connections;
};

/** A listener that accepts connections. */
export type Listener = Pick<BoundSocket, 'address' | 'fd' | 'ownsFile'> & {
  /** As the settings name it: what a successor asks for. */
  readonly bind: string;
  /** Has a front answer every request that comes from now on, and those that have waited for the first one. */
  serveBy(front: Front): void;
  /**
   * Accepts no more, ends idle connections, and resolves when the others have ended with their answers. A client that holds
   * back half a head is waited for: `destroy` sets the limit.
   */
  close(): Promise<void>;
  /** As `close`, but an idle connection is kept until its next answer or the end of its keep-alive time: one may be on its way. */
  leave(): Promise<void>;
  /**
   * Another process serves the socket from now on: as `close`, but the file of a Unix socket stays, and an idle connection
   * is kept until its next answer or the end of its keep-alive time, since a request may be on its way to it.
   */
  handOver(): Promise<void>;
  /** Ends every connection at once, so that what was sent of an answer cannot be taken for the whole. */
  destroy(): void;
};

/**
 * Starts to listen; rejects with ERR_LISTEN that names the address and the setting to change. Without a front requests wait
 * for `serveBy`, and no limit is needed: it follows as soon as the other listeners are bound, or else the end, which leaves
 * them unanswered.
 */
export async function startListener(options: ListenerOptions, front?: Front): Promise<Listener> {
  const desk = createDesk(front);
  const limits = connectionLimits(front?.options.limits ?? FRONT_LIMITS);
  const server = createServer(desk.serve, limits, options.connections ?? new Connections());
  const socket = await bindServer(server.listening, options, options.advice ?? 'choose another in "listen"');
  const destroy = (): void => {
    for (const connection of server.connections) connection.breakOff();
  };
  const stop = (): Promise<void> => {
    desk.close();
    const stopped = server.stopAccepting();
    if (!desk.isServed()) destroy();
    return stopped;
  };
  return {
    ...socket,
    bind: options.bind,
    serveBy(next) {
      desk.serveBy(next);
      server.limits = connectionLimits(next.options.limits);
    },
    async close() {
      const closed = stop();
      server.closeIdle();
      await socket.removeFile();
      await closed;
    },
    async leave() {
      const closed = stop();
      await socket.removeFile();
      await closed;
    },
    handOver: stop,
    destroy,
  };
}

type Turn = (front: Front) => void;

/** Where requests find the front that is to answer them. */
type Desk = {
  serve(turn: Turn): void;
  serveBy(front: Front): void;
  isServed(): boolean;
  close(): void;
};

function createDesk(first: Front | undefined): Desk {
  const waiting: Turn[] = [];
  let current = first;
  const serve = (turn: Turn): void => {
    if (current === undefined) waiting.push(turn);
    else turn(current);
  };
  return {
    serve,
    serveBy(front) {
      if (current !== undefined) front.succeed(current);
      current = front;
      for (const turn of waiting.splice(0)) turn(front);
    },
    isServed: () => current !== undefined,
    close: () =>
      serve((front) => {
        front.isClosing = true;
      }),
  };
}

function connectionLimits({
  head,
  headBytes,
  headTimeoutMs,
  keepAliveTimeoutMs,
}: FrontLimits): ConnectionLimits {
  return { requestLineBytes: head.requestLineBytes, headBytes, headTimeoutMs, keepAliveTimeoutMs };
}

function createServer(serve: Desk['serve'], limits: ConnectionLimits, connections: Connections): HttpServer {
  return new HttpServer(
    {
      opened: (connection) => serve((front) => admit(front, connection, connections)),
      // Those that have left, or were refused, while they waited for the first front ask for nothing any more.
      request: (request, response) =>
        serve((front) => {
          if (!response.isClosed) front.handle(request, response);
        }),
      refused: (connection, fault) =>
        serve((front) => front.refuseConnection(connection, ruleOf(fault), fault.detail)),
      brokenBody: (request, fault) => exchangeOf(request)?.giveUpOnBody(ruleOf(fault)),
      untaken: (request) => exchangeOf(request)?.watchSending(),
      held: tellHeld,
      failed: (error) => serve((front) => front.failed(error)),
      endedIdle: () => serve((front) => front.endedIdle()),
    },
    limits,
  );
}

function admit(front: Front, connection: RefusableConnection, connections: Connections): void {
  if (connection.socket.destroyed) return;
  const rule = connections.open(connection.socket, front.options);
  if (rule !== undefined) front.refuseConnection(connection, rule);
}

/** A Unix socket's end cannot be looked up. */
function tellHeld(request: ClientRequest, isHeld: boolean): void {
  const exchange = exchangeOf(request);
  if (exchange === undefined || exchange.peer.address === '') return;
  const { uploads } = exchange.deps;
  if (isHeld) uploads.hold(request.socket, exchange.response);
  else uploads.release(request.socket);
}
