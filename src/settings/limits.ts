/** `limits:` of the settings: what clients may ask for, and how long they may take. */
import * as v from 'valibot';
import { BYTE_COUNT_FORM, parseByteCount } from './byte-count.ts';
import { DURATION_FORM, parseDurationMs } from './duration.ts';
import { parsed, section, wholeNumber } from './schema-parts.ts';

/** Bytes, milliseconds, counts; what is absent is Apache's. */
export type LimitSettings = {
  readonly requestLine?: number;
  readonly headers?: number;
  readonly headerField?: number;
  readonly head: number;
  readonly headTimeout: number;
  readonly body: number;
  readonly bodyTimeout: number;
  /** Bytes a second. */
  readonly bodyMinRate: number;
  readonly sendTimeout: number;
  readonly spoolMemory: number;
  readonly spoolMemoryTotal: number;
  readonly spoolFile: number;
  readonly spoolFileTotal: number;
  readonly keepAliveTimeout: number;
  readonly requestsPerConnection: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly webSockets: number;
  readonly webSocketTimeout: number;
};

const bytes = parsed(parseByteCount, BYTE_COUNT_FORM);
const duration = parsed(parseDurationMs, DURATION_FORM);
/** Below these not even a usual head, line or field fits. */
const LEAST_HEAD_BYTES = 1024;
const LEAST_LINE_BYTES = 256;
/**
 * The most of a head and its parts: what one client could stop the sidecar with, whose parser copies what it has at each piece, and an eighth
 * of what the built-in worker takes, since a path may be told at eight times its length.
 */
const MOST_HEAD_BYTES = 256 * 1024;

/** Bytes of a head or of its parts. */
function headBytes(least: number): v.GenericSchema<unknown, number> {
  const wanted = `wanted a number of bytes from ${least} to ${MOST_HEAD_BYTES}`;
  return v.pipe(bytes, v.minValue(least, wanted), v.maxValue(MOST_HEAD_BYTES, wanted));
}

/** The mapping. */
export const limitSettings: v.GenericSchema<unknown, LimitSettings> = section(
  v.strictObject({
    requestLine: v.optional(headBytes(LEAST_LINE_BYTES)),
    headers: v.optional(wholeNumber(0)),
    headerField: v.optional(headBytes(LEAST_LINE_BYTES)),
    head: headBytes(LEAST_HEAD_BYTES),
    headTimeout: duration,
    body: bytes,
    bodyTimeout: duration,
    bodyMinRate: bytes,
    sendTimeout: duration,
    spoolMemory: bytes,
    spoolMemoryTotal: bytes,
    spoolFile: bytes,
    spoolFileTotal: bytes,
    keepAliveTimeout: duration,
    requestsPerConnection: wholeNumber(0),
    connections: wholeNumber(0),
    connectionsPerAddress: wholeNumber(0),
    webSockets: wholeNumber(0),
    webSocketTimeout: duration,
  }),
) as v.GenericSchema<unknown, LimitSettings>;
