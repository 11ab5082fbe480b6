/**
 * An HTTP/1.1 client of bytes: what is sent is what was written, and an answer tells how its body ended.
 * node:http would mend the request and hide a truncated answer.
 */
import { connect, type Socket } from 'node:net';

export type Target = { readonly host?: string; readonly port: number } | { readonly socketPath: string };

export type Answer = {
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  /** Names as received. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** How the body's end was told; `cut` is a connection that ended before. */
  readonly end: 'length' | 'chunked' | 'close' | 'none' | 'cut';
  /** The first value of a header, by its name in any case. */
  header(name: string): string | undefined;
  text(): string;
};

export type RequestOptions = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The minor version of HTTP/1.x. */
  readonly minorVersion?: 0 | 1;
};

/** Sends one request and reads one answer; `Host` and `Content-Length` are added where not given. */
export function send(target: Target, path: string, options: RequestOptions = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, minorVersion = 1 } = options;
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const lines = [`${method} ${path} HTTP/1.${minorVersion}`];
  if (!names.has('host')) lines.push('Host: localhost');
  if (!names.has('connection')) lines.push('Connection: close');
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  const payload = Buffer.from(body ?? '');
  if (body !== undefined && !names.has('content-length') && !names.has('transfer-encoding')) {
    lines.push(`Content-Length: ${payload.length}`);
  }
  return exchange(
    target,
    Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), payload]),
    method,
  );
}

/** Writes the bytes as they are and reads one answer. Rejects when no whole head comes. */
export function exchange(target: Target, bytes: Buffer | string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = openSocket(target);
    let received: Buffer = Buffer.alloc(0);
    const finish = (isOver: boolean): void => {
      const answer = parseAnswer(received, method, isOver);
      if (answer !== undefined) {
        socket.destroy();
        resolve(answer);
      } else if (isOver) {
        reject(new Error(`No answer, only ${JSON.stringify(received.toString('latin1').slice(0, 200))}`));
      }
    };
    let chunks: Buffer[] = [];
    let size = 0;
    let wanted = 0;
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      // Parsing anew at each chunk of a large body would be quadratic: wait until the size has doubled, or the end.
      if (size < wanted) return;
      received = Buffer.concat([received, ...chunks]);
      chunks = [];
      finish(false);
      const announced = announcedLength(received);
      wanted = announced ?? (received.length > 65_536 ? received.length * 2 : 0);
    });
    socket.once('close', () => {
      received = Buffer.concat([received, ...chunks]);
      finish(true);
    });
    socket.on('error', () => {});
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}

export function openSocket(target: Target): Socket {
  return 'socketPath' in target
    ? connect(target.socketPath)
    : connect(target.port, target.host ?? '127.0.0.1');
}

export type Connection = {
  write(bytes: string): void;
  /** Sends a piece of its own: resolves when it has left, and the other side has had a turn to read it. */
  flush(bytes: string): Promise<void>;
  /** Resolves once the other side has sent the text; rejects when it ends the connection before. */
  until(part: string): Promise<void>;
  /** Resolves with all that came when the other side has ended the connection. */
  readonly closed: Promise<string>;
  end(): void;
};

/** A connection for what one request and one answer cannot show: an answer held open, half a head. */
export function openConnection(target: Target): Connection {
  const socket = openSocket(target);
  const watchers = new Set<() => void>();
  let text = '';
  socket
    .on('error', () => {})
    .on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (const watcher of watchers) watcher();
    });
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  return {
    write: (bytes) => void socket.write(bytes, 'latin1'),
    flush: (bytes) =>
      new Promise((resolve) => {
        socket.setNoDelay(true);
        socket.write(bytes, 'latin1', () => setImmediate(() => setImmediate(resolve)));
      }),
    until: (part) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (text.includes(part)) resolve();
        };
        watchers.add(look);
        socket.once('close', () => reject(new Error(`The connection ended before "${part}": ${text}`)));
        look();
      }),
    closed,
    end: () => void socket.destroy(),
  };
}

function announcedLength(received: Buffer): number | undefined {
  const at = received.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.subarray(0, at + 2).toString('latin1'))?.[1];
  return at < 0 || length === undefined ? undefined : at + 4 + Number(length);
}

/** Undefined while the answer is not whole and the connection stands. */
function parseAnswer(received: Buffer, method: string, isOver: boolean): Answer | undefined {
  const at = received.indexOf('\r\n\r\n');
  if (at < 0) return undefined;
  const [statusLine = '', ...headerLines] = received.subarray(0, at).toString('latin1').split('\r\n');
  const match = /^(HTTP\/1\.[01]) (\d{3}) ?(.*)$/.exec(statusLine);
  if (match === null) throw new Error(`No status line: ${JSON.stringify(statusLine)}`);
  const [, version = '', code = '', reason = ''] = match;
  const status = Number(code);
  const rest = received.subarray(at + 4);
  if (status < 200 && status !== 101) return parseAnswer(rest, method, isOver);
  const headers = headerLines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const header = (name: string): string | undefined =>
    headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
  const framed = readBody({ rest, status, method, isOver, header });
  if (framed === undefined) return undefined;
  return { status, reason, version, headers, header, ...framed, text: () => framed.body.toString('utf8') };
}

type Framed = { readonly body: Buffer; readonly end: Answer['end'] };

function readBody(input: {
  readonly rest: Buffer;
  readonly status: number;
  readonly method: string;
  readonly isOver: boolean;
  readonly header: (name: string) => string | undefined;
}): Framed | undefined {
  const { rest, status, method, isOver, header } = input;
  if (method === 'HEAD' || status === 204 || status === 304) return { body: Buffer.alloc(0), end: 'none' };
  if (header('transfer-encoding')?.toLowerCase() === 'chunked') return readChunks(rest, isOver);
  const length = header('content-length');
  if (length !== undefined) {
    if (rest.length >= Number(length)) return { body: rest.subarray(0, Number(length)), end: 'length' };
    return isOver ? { body: rest, end: 'cut' } : undefined;
  }
  return isOver ? { body: rest, end: 'close' } : undefined;
}

function readChunks(rest: Buffer, isOver: boolean): Framed | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at);
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(rest.toString('latin1', at, lineEnd), 16);
    if (size === 0) return { body: Buffer.concat(parts), end: 'chunked' };
    if (Number.isNaN(size) || rest.length < lineEnd + 4 + size) {
      return isOver ? { body: Buffer.concat(parts), end: 'cut' } : undefined;
    }
    parts.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 4 + size;
  }
}
