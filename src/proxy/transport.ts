/** What passes between an exchange and whatever carries its request: a connection to a group process, or undici to a URL. */

import type { Readable } from 'node:stream';
import type { RequestEnviron } from './environ.ts';
import type { ReadMemory } from './read-memory.ts';
import type { ResponseHead } from './response-headers.ts';

/** A request as it is to be sent. */
export type UpstreamRequest = {
  readonly method: string;
  readonly path: string;
  /** Flat list of names and values; Content-Length among them, or the body is sent in chunks. */
  readonly headers: readonly string[];
  /** For the built-in worker, which has a wire of its own for it; among the headers for all others. */
  readonly environ: RequestEnviron | undefined;
  /** A small one that is there already goes out in one piece with the head. */
  readonly body: ComingBody | Buffer | null;
};

/** A body that is read as it comes; `isHeldBack`: nobody has asked its client for it yet. */
export type ComingBody = Readable & { readonly isHeldBack?: boolean };

/** Who hears the answer. After `complete` or `failed` nothing more is told. */
export type AnswerHandler = {
  /** A connection has the request; `abort` ends it, and `failed` follows. */
  connected(abort: () => void): void;
  /** 1xx; any number before the head. */
  interim(status: number): void;
  /** `resume` asks for more after `data` has returned false. */
  head(answer: AnswerHead, resume: () => void): void;
  /** The bytes hold only until this returns, unless `memory` is told to keep them. False: no more until `resume`. */
  data(bytes: Buffer, memory?: ReadMemory): boolean;
  complete(): void;
  failed(error: Error): void;
  /** The upstream has been silent for too long. */
  timeOut(): void;
};

/** The first lines of a final answer. */
export type AnswerHead = {
  readonly status: number;
  /** Reason phrase, as bytes. */
  readonly reason: string;
  readonly fields: ResponseHead;
};

/** A way for one request. */
export type Way = {
  send(request: UpstreamRequest, answer: AnswerHandler): void;
};

/** Limits in milliseconds; 0 for none. */
export type UpstreamTimeouts = {
  /** How long an upstream may be silent while it is its turn to speak (Apache: `Timeout`). */
  readonly responseTimeoutMs: number;
  /** For connections to URLs. */
  readonly connectTimeoutMs: number;
};
