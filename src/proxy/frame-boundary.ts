/** Where one WebSocket frame ends and the next begins (RFC 6455 §5.2): only there can a frame of ours be put between them. */

/** Bytes behind the first two of a head: longer lengths and the mask. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_BYTES = 4;

/** Follows one direction of a connection from the byte behind its handshake. */
export class FrameBoundary {
  /** Bytes of the head of the frame under way, as far as they have come. */
  #head: number[] = [];
  #payloadLeft = 0;

  /** Whether the last byte that passed was the last of a frame. */
  get isReached(): boolean {
    return this.#head.length === 0 && this.#payloadLeft === 0;
  }

  pass(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, bytes.length - at);
        this.#payloadLeft -= taken;
        at += taken;
      } else {
        this.#head.push(bytes[at] as number);
        at += 1;
        this.#endHead();
      }
    }
  }

  #endHead(): void {
    const head = this.#head;
    const second = head[1];
    if (second === undefined) return;
    const short = second & 0x7f;
    const lengthBytes = short === LENGTH_16 ? 2 : short === LENGTH_64 ? 8 : 0;
    const mask = (second & 0x80) === 0 ? 0 : MASK_BYTES;
    if (head.length < 2 + lengthBytes + mask) return;
    const long = head.slice(2, 2 + lengthBytes).reduce((length, byte) => length * 256 + byte, 0);
    this.#payloadLeft = lengthBytes === 0 ? short : long;
    this.#head = [];
  }
}

/** A Close frame of a server, with the status "going away" (RFC 6455 §7.4.1). */
export const GOING_AWAY: Buffer = Buffer.from([0x88, 0x02, 0x03, 0xe9]);
