/** Small bodies come whole before a process is asked: a client that sends a byte now and then holds its connection, and no thread. */
import type { ClientBody } from '../http/request-body.ts';
import { BodyPace } from './body-pace.ts';
import type { Exchange } from './exchange.ts';
import { RequestBody } from './request-body.ts';
import type { RefusalRule } from './rules.ts';

/**
 * Calls back once the body is there, at once where there is none or it is too long to wait for: more than is read ahead of its reader.
 * Who has to be asked for the body (`100-continue`) is asked by the application, which then waits itself. Never calls back when the client
 * leaves, or takes too long (408).
 */
export function afterSmallBody(exchange: Exchange, next: () => void): void {
  const { request, headers, awaitsContinue } = exchange;
  const { body, socket } = request;
  const isLong = headers.length === undefined || Number(headers.length) >= (body?.readableHighWaterMark ?? 0);
  if (body === undefined || body.isComplete || isLong || awaitsContinue) {
    next();
    return;
  }
  const pace = new BodyPace(exchange);
  const leave = (): void => {
    body.off('readable', look).off('timeout', tellSilence).off('close', leave);
    socket.setTimeout(0);
  };
  const look = (): void => {
    const broken = body.isComplete ? undefined : pace.arrived(body.readableLength);
    if (broken !== undefined) giveUp(broken);
    if (!body.isComplete) return;
    leave();
    next();
  };
  const giveUp = (rule: RefusalRule): void => {
    leave();
    exchange.giveUpOnBody(rule);
  };
  const tellSilence = (): void => giveUp(pace.rule);
  pace.begin(0);
  body.on('readable', look).on('timeout', tellSilence).on('close', leave);
}

/** The body as it is to be sent, null where there is none: at once and as often as it takes where it is there already, else at the upstream's pace, and once. */
export function bodyOf(exchange: Exchange): RequestBody | Buffer | null {
  const { body } = exchange.request;
  if (body === undefined) return null;
  exchange.wholeBody ??= takeWhole(exchange, body);
  return exchange.wholeBody ?? new RequestBody(exchange, body);
}

function takeWhole(exchange: Exchange, body: ClientBody): Buffer | undefined {
  const length = Number(exchange.headers.length ?? Number.NaN);
  // Where a first try has read of it, the rest is not the whole.
  if (!body.isComplete || body.readableLength !== length || length > body.readableHighWaterMark)
    return undefined;
  const whole = body.read() as Buffer;
  exchange.requestBytes = whole.length;
  return whole;
}
