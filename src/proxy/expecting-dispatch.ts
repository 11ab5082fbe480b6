/**
 * Sends a request whose client waits for a 100 before it sends the body (RFC 9110 §10.1.1). undici sends no head before the first
 * byte of a body; here the application must see the head first, since the 100 is sent when it begins to read. So this one kind of
 * request goes over a connection of its own by Node's client.
 */
import { type IncomingMessage, request as openRequest } from 'node:http';
import type { Readable } from 'node:stream';
import type { UpstreamAnswer } from './upstream-answer.ts';
import { connectUpstream, outliveBrokenPipe } from './upstream-socket.ts';

/** A request with a body that its client holds back. */
export type ExpectingRequest = {
  readonly socketPath: string;
  readonly method: string;
  readonly path: string;
  /** Flat list of names and values, Content-Length among them or chunks are sent. */
  readonly headers: readonly string[];
  readonly body: Readable;
};

/** Dispatches to the socket; `answer` is told what undici would tell it. */
export function dispatchExpecting(sent: ExpectingRequest, answer: UpstreamAnswer): void {
  const { socketPath, method, path, headers, body } = sent;
  const request = openRequest({
    createConnection() {
      const socket = connectUpstream(socketPath);
      outliveBrokenPipe(socket);
      return socket;
    },
    method,
    path,
    headers,
  });
  let isOver = false;
  const end = (error?: Error): void => {
    if (isOver) return;
    isOver = true;
    body.destroy();
    request.destroy();
    if (error === undefined) answer.onComplete();
    else answer.onError(error);
  };
  request.on('error', end);
  request.once('socket', (socket) => {
    socket.once('connect', () => answer.onConnect(() => end(new Error('the client left'))));
  });
  request.on('information', ({ statusCode }) => answer.onHeaders(statusCode, [], resumeNothing, ''));
  request.once('response', (response) => passAnswer(response, answer, end));
  request.flushHeaders();
  body.pipe(request);
}

function passAnswer(response: IncomingMessage, answer: UpstreamAnswer, end: (error?: Error) => void): void {
  const raw = response.rawHeaders.map((text) => Buffer.from(text, 'latin1'));
  answer.onHeaders(response.statusCode ?? 502, raw, () => response.resume(), response.statusMessage ?? '');
  response.on('data', (chunk: Buffer) => {
    if (!answer.onData(chunk)) response.pause();
  });
  response.once('end', () => end());
  response.once('error', end);
  response.once('close', () => end(new Error('other side closed')));
}

function resumeNothing(): void {
  // An interim answer has no body to go on with.
}
