/**
 * The request class of our listeners. Node asks every request for `headers.expect` and builds the whole header object for it;
 * the data path reads `rawHeaders`, so here the object holds only what someone asks for.
 */
import { IncomingMessage } from 'node:http';

const ASKED_FOR: ReadonlyMap<string, string> = new Map(
  ['Expect', 'TE', 'Range', 'If-Range', 'If-None-Match', 'If-Modified-Since'].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);
const LENGTHS: ReadonlySet<number> = new Set([...ASKED_FOR.keys()].map((name) => name.length));

type Headers = Record<string, string | undefined>;

/** A request whose `headers` holds `expect`, `te`, `range` and the conditional fields, and nothing else. */
export class ClientRequest extends IncomingMessage {
  picked: Readonly<Headers> | undefined;
}

Object.defineProperty(ClientRequest.prototype, 'headers', {
  get(this: ClientRequest): Readonly<Headers> {
    this.picked ??= pickHeaders(this.rawHeaders);
    return this.picked;
  },
});

function pickHeaders(raw: readonly string[]): Headers {
  const headers: Headers = {};
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (!LENGTHS.has(name.length)) continue;
    const lower = name.toLowerCase();
    if (!ASKED_FOR.has(lower)) continue;
    headers[lower] = headers[lower] === undefined ? raw[i + 1] : `${headers[lower]}, ${raw[i + 1]}`;
  }
  return headers;
}
