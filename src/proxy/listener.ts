/** A listener: the HTTP server on one address, with the limits that guard a head, and an orderly end. */
import { createServer, type Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { type BindOptions, type BoundSocket, bindServer } from './bind-server.ts';
import { carriedAnswer } from './carried-answer.ts';
import { type ClientError, hasLeft, ruleOf } from './client-error.ts';
import { ClientRequest } from './client-request.ts';
import { Connections } from './connections.ts';
import { cutOff } from './cut-off.ts';
import type { Front } from './front.ts';
import { createIdleWatch } from './idle.ts';
import { FRONT_LIMITS, type FrontLimits } from './limits.ts';
import { lingerAtEnd } from './linger.ts';
import { loosenessOf, watchRequestLines } from './request-line.ts';
import { REFUSED_CONNECT, REFUSED_EXPECTATION, type RefusalRule } from './rules.ts';
import { afterAnswers, isWebSocket, serveAsPlain } from './upgrade.ts';

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

/** As much of a body as Node reads before anybody wants it. */
const READ_AHEAD_BYTES = 16_384;

/** How often heads that do not come are looked for. */
const CHECK_INTERVAL_MS = 1_000;

/**
 * Starts to listen; rejects with ERR_LISTEN that names the address and the setting to change. Without a front requests wait
 * for `serveBy`.
 */
export async function startListener(options: ListenerOptions, front?: Front): Promise<Listener> {
  const server = createHttpServer(front?.options.limits ?? FRONT_LIMITS);
  const desk = createDesk(server, front);
  const open = rememberOpen(server);
  attachFront(server, desk.serve, options.connections ?? new Connections());
  const socket = await bindServer(server, options, options.advice ?? 'choose another in "listen"');
  return {
    ...socket,
    bind: options.bind,
    serveBy: desk.serveBy,
    async close() {
      desk.close();
      const closed = closeServer(server);
      await socket.removeFile();
      await closed;
    },
    async leave() {
      desk.close();
      const closed = stopAccepting(server);
      await socket.removeFile();
      await closed;
    },
    handOver() {
      desk.close();
      return stopAccepting(server);
    },
    destroy() {
      for (const each of open) if (carriedAnswer(each)?.headersSent === true) cutOff(each);
      server.closeAllConnections();
    },
  };
}

function rememberOpen(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return open;
}

type Turn = (front: Front) => void;

/** Where requests find the front that is to answer them. */
type Desk = {
  serve(turn: Turn): void;
  serveBy(front: Front): void;
  close(): void;
};

function createDesk(server: Server, first: Front | undefined): Desk {
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
      applyLimits(server, front.options.limits);
      for (const turn of waiting.splice(0)) turn(front);
    },
    close: () =>
      serve((front) => {
        front.isClosing = true;
      }),
  };
}

function createHttpServer(limits: FrontLimits): Server {
  const server = createServer({
    IncomingMessage: ClientRequest,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, limits.headTimeoutMs || CHECK_INTERVAL_MS),
    insecureHTTPParser: false,
    // The table of refusals judges Host; Node's own answer would be neither counted nor logged.
    requireHostHeader: false,
    noDelay: true,
    // What is read ahead of a body, and so what is a small one (`small-body.ts`): Node's own measure is another one in each release.
    highWaterMark: READ_AHEAD_BYTES,
  });
  // Node drops what is beyond its own limit silently, and with it a second Host; the table refuses instead.
  server.maxHeadersCount = 0;
  applyLimits(server, limits);
  return server;
}

/** Read by Node at each new connection or check, so that a reload can change them. */
function applyLimits(server: Server, limits: FrontLimits): void {
  server.headersTimeout = limits.headTimeoutMs;
  server.keepAliveTimeout = limits.keepAliveTimeoutMs;
  (server as Server & { maxHeaderSize: number }).maxHeaderSize = limits.headBytes;
}

function attachFront(server: Server, serve: Desk['serve'], connections: Connections): void {
  const refuse = (socket: Socket, rule: RefusalRule, detail?: string): void =>
    serve((front) => front.refuseConnection(socket, rule, detail));
  const watchIdling = createIdleWatch(() => serve((front) => front.endedIdle()));
  server.on('connection', (socket) => {
    watchRequestLines(socket);
    watchIdling(socket);
    lingerAtEnd(socket);
    serve((front) => {
      const rule = connections.open(socket, front.options);
      if (rule !== undefined) front.refuseConnection(socket, rule);
    });
  });
  server.on('request', (request, response) => serve((front) => front.handle(request, response)));
  server.on('checkContinue', (request, response) => serve((front) => front.handle(request, response, true)));
  server.on('upgrade', (request, socket: Socket, rest: Buffer) => {
    const handshake = { request, socket, rest };
    // Node has taken its own handlers away.
    socket.on('error', () => socket.destroy());
    afterAnswers(socket, () => {
      if (isWebSocket(request) || loosenessOf(request) !== undefined)
        serve((front) => front.handshake(handshake));
      else serveAsPlain(server, handshake);
    });
  });
  server.on('checkExpectation', (request, response) =>
    serve((front) => front.refuse(request, response, REFUSED_EXPECTATION)),
  );
  server.on('connect', (_request, socket) => {
    // Node has taken its own handlers away, and the refusal may have to wait for an answer that is under way.
    socket.on('error', () => socket.destroy());
    refuse(socket as Socket, REFUSED_CONNECT);
  });
  server.on('clientError', (error: ClientError, socket: Socket) => {
    if (hasLeft(error)) socket.destroy();
    else serve((front) => refuseBytes(front, socket, error));
  });
}

function refuseBytes(front: Front, socket: Socket, error: ClientError): void {
  front.refuseConnection(socket, ruleOf(error, socket, front.options.limits), error.reason);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** `close` of http.Server ends idle connections at once, that of net.Server waits for them. */
function stopAccepting(server: Server): Promise<void> {
  return new Promise((resolve) => NetServer.prototype.close.call(server, () => resolve()));
}
