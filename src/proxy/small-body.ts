/** Small bodies come whole before a process is asked: a client that sends a byte now and then holds its connection, and no thread. */
import { BodyPace } from './body-pace.ts';
import type { Exchange } from './exchange.ts';
import { RequestBody } from './request-body.ts';
import type { RefusalRule } from './rules.ts';

/**
 * Calls back once the body is there, at once where there is none or it is too long to wait for: more than Node reads ahead of its reader.
 * Who has to be asked for the body (`100-continue`) is asked by the application, which then waits itself. Never calls back when the client
 * leaves, or takes too long (408).
 */
export function afterSmallBody(exchange: Exchange, next: () => void): void {
  const { request, headers } = exchange;
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
  const pace = new BodyPace(exchange);
  const leave = (): void => {
    request.off('readable', look).off('timeout', tellSilence).off('close', leave);
    request.socket.setTimeout(0);
  };
  const look = (): void => {
    const broken = request.complete ? undefined : pace.arrived(request.readableLength);
    if (broken !== undefined) giveUp(broken);
    if (!request.complete) return;
    leave();
    next();
  };
  const giveUp = (rule: RefusalRule): void => {
    leave();
    exchange.giveUpOnBody(rule);
  };
  const tellSilence = (): void => giveUp(pace.rule);
  pace.begin(0);
  request.on('readable', look).on('timeout', tellSilence).on('close', leave);
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
