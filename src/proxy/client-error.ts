/** What is answered when no request could be made of a client's bytes: half a head, a broken one, or a tunnel. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { renderErrorPage } from './failure.ts';

/** The status and reason of an error of Node's HTTP parser; undefined when the client merely left. */
export function parserFailure(code: string | undefined): { status: number; reason: string } | undefined {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, reason: 'header_too_big' };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, reason: 'chunk_extensions' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, reason: 'request_timeout' };
    case 'HPE_INVALID_EOF_STATE':
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined;
    default:
      return { status: 400, reason: 'bad_request' };
  }
}

/** Answers on the bare connection and ends it; says nothing when an answer is under way there. */
export function answerRaw(socket: Socket, status: number, requestId: string): void {
  const current = (socket as Socket & { readonly _httpMessage?: ServerResponse | null })._httpMessage;
  if (!socket.writable || current?.headersSent === true) {
    socket.destroy();
    return;
  }
  const page = renderErrorPage(status, requestId);
  const statusLine = page.slice(page.indexOf('<title>') + '<title>'.length, page.indexOf('</title>'));
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${statusLine}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${page.length}\r\n` +
      `X-Request-Id: ${requestId}\r\nConnection: close\r\n\r\n${page}`,
    () => socket.destroy(),
  );
}
