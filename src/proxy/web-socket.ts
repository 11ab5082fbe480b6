/**
 * The pass of a WebSocket handshake, in place of http-proxy's own: that one leaves a client hanging when its upstream refuses, ends the
 * process at an early reset, and sends the headers of the client instead of ours.
 */
import { type ClientRequest, type IncomingMessage, request as openRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Place } from '../groups/lease.ts';
import type { Exchange } from './exchange.ts';
import { endResponseHead, type ResponseHead, readResponseFields } from './response-headers.ts';
import { sendAll } from './send-all.ts';
import { Tunnel, type TunnelEnds } from './tunnel.ts';

/** Where a handshake goes, and what holds for its connection. */
export type HandshakeDestination = {
  readonly place: Place;
  /** Flat list of names and values, without those that ask for the upgrade. */
  readonly headers: readonly string[];
  readonly responseTimeoutMs: number;
};

const ASK = ['connection', 'Upgrade', 'upgrade', 'websocket'];

/** Passes a handshake on; the exchange ends with its connection, or with the answer of an upstream that does not upgrade. */
export function passHandshake(exchange: Exchange, destination: HandshakeDestination): void {
  const { place, headers, responseTimeoutMs } = destination;
  const request = openRequest({
    ...place,
    method: 'GET',
    path: exchange.head?.path ?? '/',
    headers: [...headers, ...ASK],
    agent: false,
  });
  let isLate = false;
  exchange.answer = { abandon: () => request.destroy() };
  request.setTimeout(responseTimeoutMs, () => {
    isLate = true;
    request.destroy(new Error('no answer to the handshake in time'));
  });
  request.on('error', (error) => {
    if (exchange.clientGone || exchange.response.headersSent || exchange.status === 101) return;
    const code = isLate ? 'ERR_UPSTREAM_TIMEOUT' : 'ERR_UPSTREAM_CONNECT';
    exchange.fail(code, 'Upstream did not answer the WebSocket handshake', { error });
  });
  request.once('response', (answer) => {
    try {
      passAnswer(exchange, request, answer);
    } catch (error) {
      exchange.collapse(error);
    }
  });
  request.once('upgrade', (answer, upstream, first) => {
    try {
      join(exchange, { answer, upstream: upstream as Socket, first });
    } catch (error) {
      upstream.destroy();
      exchange.collapse(error);
    }
  });
  request.end();
}

type Upgraded = { readonly answer: IncomingMessage; readonly upstream: Socket; readonly first: Buffer };

function join(exchange: Exchange, { answer, upstream, first }: Upgraded): void {
  if (exchange.clientGone) {
    upstream.destroy();
    return;
  }
  upstream.on('error', () => upstream.destroy());
  const head = headOf(exchange, answer);
  if (head === undefined) {
    upstream.destroy();
    return;
  }
  const client = exchange.request.socket;
  exchange.status = 101;
  exchange.deps.observer.webSocketOpened(exchange.route?.identity);
  exchange.upstreamAt = performance.now();
  exchange.answer = { abandon: () => upstream.destroy() };
  client.write(renderSwitch(head), 'latin1');
  countBytes(exchange, client);
  const { deps, limits, route } = exchange;
  const own = route === undefined ? {} : deps.webSocketsOf(route.identity);
  const idleTimeoutMs = own.timeoutMs ?? limits.webSocketTimeoutMs;
  const onTimeout: TunnelEnds['onTimeout'] = (limit) => {
    exchange.endedBy = limit;
  };
  const { sendTimeoutMs } = limits;
  const tunnel = new Tunnel({ client, upstream, first, idleTimeoutMs, sendTimeoutMs, onTimeout });
  exchange.request.giveAway((bytes) => tunnel.fromClient(bytes));
  deps.listener.tunnels.add(tunnel);
  leaveWith(exchange.lease?.upstream.leaving, tunnel);
}

/** A process that is to end takes its connections along: their clients are told before, and come back to its successor. */
function leaveWith(leaving: AbortSignal | undefined, tunnel: Tunnel): void {
  if (leaving === undefined) return;
  const leave = (): void => tunnel.leave();
  if (leaving.aborted) leave();
  else {
    leaving.addEventListener('abort', leave, { once: true });
    tunnel.ended(() => leaving.removeEventListener('abort', leave));
  }
}

/** Undefined when HTTP does not allow the head: then the client has been told. */
function headOf(exchange: Exchange, answer: IncomingMessage): ResponseHead | undefined {
  try {
    const head = readResponseFields(answer.rawHeaders);
    endResponseHead(head);
    return head;
  } catch (error) {
    const message = 'Upstream answered a handshake with a head that HTTP does not allow';
    exchange.fail('ERR_UPSTREAM_INVALID', message, { error });
    return undefined;
  }
}

function renderSwitch({ headers }: ResponseHead): string {
  let text = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n`;
}

/** What passes behind the handshake; the sockets have counted heads as well. */
function countBytes(exchange: Exchange, client: Socket): void {
  const { bytesRead, bytesWritten } = client;
  // Before the exchange hears of it and is observed.
  client.prependOnceListener('close', () => {
    exchange.requestBytes = client.bytesRead - bytesRead;
    exchange.responseBytes = client.bytesWritten - bytesWritten;
  });
}

/** The upstream does not upgrade: its answer is the answer, and the connection ends with it. */
function passAnswer(exchange: Exchange, request: ClientRequest, answer: IncomingMessage): void {
  const head = headOf(exchange, answer);
  if (head === undefined) {
    request.destroy();
    return;
  }
  exchange.upstreamAt = performance.now();
  exchange.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', head.headers);
  answer.on('data', (bytes: Buffer) => {
    exchange.responseBytes += bytes.length;
  });
  exchange.watchSending();
  sendAll(answer, exchange.response).then(
    () => exchange.response.end(),
    (error) => {
      // Where the client has left, it is we who have broken off.
      if (exchange.clientGone) return;
      exchange.breakOff('ERR_UPSTREAM_TRUNCATED', 'Upstream broke off in the middle of its answer', error);
    },
  );
}
