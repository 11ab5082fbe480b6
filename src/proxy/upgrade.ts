/**
 * What becomes of a request with an `Upgrade` field. A WebSocket handshake may be passed on as one; everything else, `h2c` before
 * all, is a plain request, as it is to Apache. Node ends its parser at any upgrade, so a plain request is handed to it once more.
 */
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { carriedAnswer } from './carried-answer.ts';

/** A handshake as Node hands it over. */
export type Handshake = {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** What came behind the head. */
  readonly rest: Buffer;
};

/** Whether it is an opening handshake of RFC 6455 §4.1. */
export function isWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    httpVersion === '1.1' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-key'] !== undefined &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}

/** A response to a handshake, for answers of HTTP: its connection ends with it. */
export function respondTo({ request, socket }: Handshake): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => {
    stopLooking(socket);
    socket.destroySoon();
  });
  forgetTime(socket);
  socket.on('readable', look).on('end', leave);
  // Node has taken its own listeners away.
  socket.on('timeout', () => response.emit('timeout', socket));
  socket.on('drain', () => void (response.writableNeedDrain && response.emit('drain')));
  return response;
}

/** Has it no longer end with its client's end: somebody else reads it. */
export function stopLooking(socket: Socket): void {
  socket.off('readable', look).off('end', leave);
}

/** A client that goes away would not be noticed, since nobody reads what it sends: looks for its end and takes nothing. */
function look(this: Socket): void {
  this.read(0);
}

function leave(this: Socket): void {
  this.destroy();
}

/** Has the server read the request again, without what asked for another protocol. */
export function serveAsPlain(server: Server, { request, socket, rest }: Handshake): void {
  forgetTime(socket);
  socket.unshift(Buffer.concat([Buffer.from(plainHead(request), 'latin1'), rest]));
  server.emit('connection', socket);
}

/** Behind an answer Node waits for the next request for so long; this one has come already. */
function forgetTime(socket: Socket): void {
  socket.setTimeout(0);
}

const DROPPED: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

function plainHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    const lower = name.toLowerCase();
    if (DROPPED.has(lower)) continue;
    text += `${name}: ${lower === 'connection' ? withoutDropped(value) : value}\r\n`;
  }
  return `${text}\r\n`;
}

/** What a Connection field names besides. */
function withoutDropped(value: string): string {
  const tokens = value.split(',').map((token) => token.trim());
  return tokens.filter((token) => !DROPPED.has(token.toLowerCase())).join(', ');
}

/** Calls back when all requests that came before on the connection are answered (RFC 9112 §9.3.2). */
export function afterAnswers(socket: Socket, then: () => void): void {
  const current = carriedAnswer(socket);
  if (current === undefined) then();
  // The next one in line is given the connection before `close` is told.
  else current.once('close', () => afterAnswers(socket, then));
}
