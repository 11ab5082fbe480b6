/** A listener: the HTTP server on one address, with the limits that guard a head, and an orderly end. */
import { chmod, chown, lstat, unlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { SidecarError } from '../errors.ts';
import { type BindAddress, parseBindAddress } from './bind-address.ts';
import { parserFailure } from './client-error.ts';
import type { Front } from './front.ts';

/** Where to listen, and how long to wait for whom. */
export type ListenerOptions = {
  /** `HOST:PORT`, `*:PORT` or `unix:PATH`. */
  readonly bind: string;
  /** Numeric group that may connect to a Unix socket (mode 0660); absent: the sidecar's own. */
  readonly socketGroup?: number;
  /** The end of the error when the address cannot be had: what to do besides freeing it. */
  readonly advice?: string;
  readonly headersTimeoutMs?: number;
  readonly keepAliveTimeoutMs?: number;
  readonly maxHeaderBytes?: number;
};

/** A listener that accepts connections. */
export type Listener = {
  /** As bound: `127.0.0.1:8080` or `unix:PATH`, with the real port where 0 was asked for. */
  readonly address: string;
  /**
   * Accepts no more, ends idle connections, and resolves when the others have ended with their answers. A client that holds
   * back half a head is waited for: `destroy` sets the limit.
   */
  close(): Promise<void>;
  /** Ends every connection at once. */
  destroy(): void;
};

const HEADERS_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 15_000;
const MAX_HEADER_BYTES = 16_384;

/** Starts to listen; rejects with ERR_LISTEN that names the address and the setting to change. */
export async function startListener(options: ListenerOptions, front: Front): Promise<Listener> {
  const server = createHttpServer(options);
  attachFront(server, front);
  const address = await bindServer(server, options, options.advice ?? 'choose another in "listen"');
  return {
    address,
    close() {
      front.isClosing = true;
      return closeServer(server);
    },
    destroy: () => server.closeAllConnections(),
  };
}

/**
 * Starts any server on an address and resolves with it as bound; rejects with ERR_LISTEN that ends in `advice`.
 * A Unix socket of a program that is gone is replaced, and opened to `socketGroup`.
 */
export async function bindServer(
  server: Server,
  { bind: text, socketGroup }: Pick<ListenerOptions, 'bind' | 'socketGroup'>,
  advice: string,
): Promise<string> {
  const bind = parseBindAddress(text);
  if (bind.kind === 'unix') await removeStaleSocket(bind.path);
  await listen(server, bind).catch((error: NodeJS.ErrnoException) => {
    throw listenError(error, text, advice);
  });
  if (bind.kind === 'unix') await openToGroup(bind.path, socketGroup);
  return boundAddress(server, bind);
}

function createHttpServer(options: ListenerOptions): Server {
  const headersTimeout = options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS;
  const server = createServer({
    headersTimeout,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1000, headersTimeout),
    keepAliveTimeout: options.keepAliveTimeoutMs ?? KEEP_ALIVE_TIMEOUT_MS,
    maxHeaderSize: options.maxHeaderBytes ?? MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    // `readHead` judges Host; Node's own answer would be neither counted nor logged.
    requireHostHeader: false,
    noDelay: true,
  });
  // Node drops what is beyond its own limit silently, and with it a second Host; `readHead` refuses instead.
  server.maxHeadersCount = 0;
  return server;
}

/** Without an `upgrade` listener Node serves `Upgrade: h2c` and WebSocket handshakes as plain requests, as mod_wsgi does. */
function attachFront(server: Server, front: Front): void {
  server.on('request', (request, response) => front.handle(request, response));
  server.on('checkContinue', (request, response) => front.handle(request, response, true));
  server.on('checkExpectation', (request) => front.refuseRaw(request.socket, 417, 'expectation'));
  server.on('connect', (_request, socket) => front.refuseRaw(socket as Socket, 405, 'connect'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const failure = parserFailure(error.code);
    if (failure === undefined) socket.destroy();
    else front.refuseRaw(socket as Socket, failure.status, failure.reason);
  });
}

function listen(server: Server, bind: BindAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.removeAllListeners('error');
      resolve();
    });
    if (bind.kind === 'unix') server.listen(bind.path);
    else server.listen(bind.port, bind.host);
  });
}

function listenError(error: NodeJS.ErrnoException, text: string, advice: string): SidecarError {
  const why =
    error.code === 'EADDRINUSE'
      ? 'it is taken'
      : error.code === 'EACCES'
        ? 'this user may not bind it'
        : error.message;
  const next = error.code === 'EADDRINUSE' ? `free it, or ${advice}` : advice;
  return new SidecarError('ERR_LISTEN', `Cannot listen on "${text}": ${why}: ${next}`, { cause: error });
}

/** Removes the socket of a sidecar that is gone; one that still answers, and anything else of that name, stays. */
async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isSocket() !== true) return;
  if (!(await isAnswering(path))) await unlink(path);
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

async function openToGroup(path: string, group: number | undefined): Promise<void> {
  if (group !== undefined) await chown(path, -1, group);
  await chmod(path, 0o660);
}

function boundAddress(server: Server, bind: BindAddress): string {
  const bound = server.address();
  if (bind.kind === 'unix' || bound === null || typeof bound === 'string') return `unix:${String(bound)}`;
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
