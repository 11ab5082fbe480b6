/** The body of a client's request, as it is framed: what comes of it is read ahead, and no further than somebody wants it. */
import { Readable } from 'node:stream';
import { ChunkReader, CLIENT_CHUNKS } from './chunk-reader.ts';
import type { WireFault } from './wire-fault.ts';

/** How a body is framed: by its length in bytes, more than 0, or by chunks. */
export type Framing = { readonly kind: 'length'; readonly length: number } | { readonly kind: 'chunked' };

/** As much as is read before anybody wants it, and so what is a small body. */
const READ_AHEAD_BYTES = 16_384;

/** What became of bytes that were given to a body: how many were its own. */
export type Taken = { readonly count: number; readonly fault?: WireFault };

/** Lives from its head to its last byte, or to the end of its connection. Emits `timeout` beside what streams emit. */
export class ClientBody extends Readable {
  readonly #wanted: () => void;
  readonly #chunks: ChunkReader | undefined;
  #left: number;
  /** Nobody wants it any more: what comes is counted off and thrown away. */
  #isDumped = false;
  /** Its last byte has come. */
  isComplete = false;
  /** Whether its reader wants more. */
  isWanted = true;

  /** `wanted` is called when its reader wants more, after it had enough. */
  constructor(framing: Framing, wanted: () => void) {
    super({ highWaterMark: READ_AHEAD_BYTES });
    this.#wanted = wanted;
    this.#chunks = framing.kind === 'chunked' ? new ChunkReader(CLIENT_CHUNKS) : undefined;
    this.#left = framing.kind === 'chunked' ? 0 : framing.length;
  }

  override _read(): void {
    if (this.isWanted || this.isComplete) return;
    this.isWanted = true;
    this.#wanted();
  }

  /** Has the rest be thrown away as it comes. */
  dump(): void {
    this.#isDumped = true;
    this.isWanted = true;
  }

  /** Takes its own of bytes that came; they are its own memory from then on. */
  receive(bytes: Buffer): Taken {
    if (this.#chunks !== undefined) return this.#takeChunks(bytes, this.#chunks);
    const own = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= own.length;
    this.#pass(own);
    if (this.#left === 0) this.#complete();
    return { count: own.length };
  }

  #takeChunks(bytes: Buffer, chunks: ChunkReader): Taken {
    const reading = chunks.read(bytes, { data: (data) => this.#pass(data) });
    if (reading.kind === 'fault') return { count: bytes.length, fault: reading.fault };
    if (reading.kind === 'more') return { count: bytes.length };
    this.#complete();
    return { count: bytes.length - reading.rest.length };
  }

  #pass(data: Buffer): void {
    if (this.#isDumped || this.destroyed) return;
    if (!this.push(data)) this.isWanted = false;
  }

  #complete(): void {
    this.isComplete = true;
    if (!this.#isDumped && !this.destroyed) this.push(null);
  }
}
