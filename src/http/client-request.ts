/** A request as it came: the texts of its head, and its body where it has one. */
import type { Socket } from 'node:net';
import { ClientBody, type Framing } from './request-body.ts';
import type { RequestHeadText } from './request-head.ts';

/** What carries a request. */
export type RequestCarrier = {
  readonly socket: Socket;
  /** Has what stands behind the head be read as its body, as far as that wants it. */
  feed(): void;
  giveAway(take: (bytes: Buffer) => void): void;
};

/** Made for each head whose grammar is right; whoever reads its fields says how its body is framed. */
export class ClientRequest {
  readonly socket: Socket;
  readonly method: string;
  /** The request target, bytes as they came. */
  readonly target: string;
  readonly majorVersion: number;
  readonly minorVersion: number;
  /** Flat list of names, as they came, and values. */
  readonly rawHeaders: readonly string[];
  readonly #carrier: RequestCarrier;
  #body: ClientBody | undefined;
  #isFramed = false;

  constructor(head: RequestHeadText, carrier: RequestCarrier) {
    this.socket = carrier.socket;
    this.#carrier = carrier;
    this.method = head.method;
    this.target = head.target;
    this.majorVersion = head.majorVersion;
    this.minorVersion = head.minorVersion;
    this.rawHeaders = head.rawHeaders;
  }

  /** Undefined where it has none, and before `frame`. */
  get body(): ClientBody | undefined {
    return this.#body;
  }

  /** Whether its last byte has come; nobody knows before `frame`. */
  get complete(): boolean {
    return this.#isFramed && this.#body?.isComplete !== false;
  }

  /** Gives its connection to somebody else, who takes what comes behind the head: it is no request any more. */
  giveAway(take: (bytes: Buffer) => void): void {
    this.#carrier.giveAway(take);
  }

  /** Says how its body is framed: undefined for none. A request that is not framed is the last of its connection. */
  frame(framing: Framing | undefined): void {
    this.#isFramed = true;
    if (framing === undefined) return;
    const carrier = this.#carrier;
    this.#body = new ClientBody(framing, () => carrier.feed());
    carrier.feed();
  }
}
