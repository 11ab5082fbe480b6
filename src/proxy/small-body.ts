/** Small bodies come whole before a process is asked: a client that sends a byte now and then holds its connection, and no thread. */
import type { Exchange } from './exchange.ts';
import { RequestBody } from './request-body.ts';
import { REFUSED_SILENCE } from './rules.ts';

/**
 * Calls back once the body is there, at once where there is none or it is too long to wait for: more than Node reads ahead of its reader.
 * Who has to be asked for the body (`100-continue`) is asked by the application, which then waits itself. Never calls back when the client
 * leaves, or is silent for `limits.bodyTimeout` (408).
 */
export function afterSmallBody(exchange: Exchange, next: () => void): void {
  const { request, headers, limits } = exchange;
  const length = Number(headers.length ?? '0');
  if (
    length === 0 ||
    length >= request.readableHighWaterMark ||
    exchange.awaitsContinue ||
    request.complete
  ) {
    next();
    return;
  }
  const leave = (): void => {
    request.off('readable', look).off('timeout', giveUp).off('close', leave);
    request.socket.setTimeout(0);
  };
  const look = (): void => {
    if (!request.complete) return;
    leave();
    next();
  };
  const giveUp = (): void => {
    leave();
    exchange.giveUpOnBody(REFUSED_SILENCE);
  };
  request.socket.setTimeout(limits.bodyTimeoutMs);
  request.on('readable', look).on('timeout', giveUp).on('close', leave);
}

/** The body as it is to be sent: at once and as often as it takes where it is there already, else at the upstream's pace, and once. */
export function bodyOf(exchange: Exchange): RequestBody | Buffer {
  exchange.wholeBody ??= takeWhole(exchange);
  return exchange.wholeBody ?? new RequestBody(exchange);
}

function takeWhole(exchange: Exchange): Buffer | undefined {
  const { request, headers } = exchange;
  const length = Number(headers.length ?? Number.NaN);
  // Where a first try has read of it, the rest is not the whole.
  if (!request.complete || request.readableLength !== length || length > request.readableHighWaterMark)
    return undefined;
  const whole = request.read() as Buffer;
  exchange.requestBytes = whole.length;
  return whole;
}
