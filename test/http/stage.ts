/** A server of `src/http/` with a handler that tells what it was told, and clients that send bytes as they are. */
import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ClientConnection } from '../../src/http/client-connection.ts';
import type { ClientRequest } from '../../src/http/client-request.ts';
import type { ClientResponse } from '../../src/http/client-response.ts';
import type { ConnectionLimits } from '../../src/http/connection-limits.ts';
import { HttpServer } from '../../src/http/http-server.ts';
import type { WireFault } from '../../src/http/wire-fault.ts';

/** A request and the answer that it waits for. */
export type Turn = { readonly request: ClientRequest; readonly response: ClientResponse };

export type Stage = {
  readonly server: HttpServer;
  readonly port: number;
  /** In the order in which they were opened. */
  readonly connections: readonly ClientConnection[];
  /** What the handler was told, in order: `request TARGET`, `refused CODE`, `brokenBody CODE`, `failed ERROR`, `untaken TARGET`, `endedIdle`, `held`, `read on`. */
  readonly told: readonly string[];
  /** Whom the handler tells that an answer is untaken. */
  onUntaken?: () => void;
  /** Resolves once the handler has been told it so often. */
  until(what: string, times?: number): Promise<void>;
  /** The next request that nobody has taken yet. */
  turn(): Promise<Turn>;
};

/** No limit of time. */
const LIMITS: ConnectionLimits = {
  headBytes: 65_536,
  requestLineBytes: 8_190,
  headTimeoutMs: 0,
  keepAliveTimeoutMs: 0,
};

export const REFUSAL = 'HTTP/1.1 400 Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** Requests are given to `answer`, or wait for `turn`; ends with the test. */
export async function openStage(
  answer?: (turn: Turn) => void,
  limits: Partial<ConnectionLimits> = {},
): Promise<Stage> {
  const told = watched<string>();
  const turns: Turn[] = [];
  const waiting: ((turn: Turn) => void)[] = [];
  const connections: ClientConnection[] = [];
  const give = (turn: Turn): void => {
    const next = waiting.shift();
    if (next === undefined) turns.push(turn);
    else next(turn);
  };
  const server = new HttpServer(
    {
      opened: (connection) => void connections.push(connection),
      request(request, response) {
        told.add(`request ${request.target}`);
        (answer ?? give)({ request, response });
      },
      refused(connection, { code }: WireFault) {
        told.add(`refused ${code}`);
        connection.refuse(REFUSAL, false);
      },
      brokenBody: (_request, { code }) => told.add(`brokenBody ${code}`),
      failed: (error) => told.add(`failed ${String(error)}`),
      endedIdle: () => told.add('endedIdle'),
      untaken({ target }) {
        told.add(`untaken ${target}`);
        stage.onUntaken?.();
      },
      held: (_request, isHeld) => told.add(isHeld ? 'held' : 'read on'),
    },
    { ...LIMITS, ...limits },
  );
  await new Promise<void>((resolve) => server.listening.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.listening.close();
    for (const { socket } of connections) socket.destroy();
  });
  const stage: Stage = {
    server,
    port: (server.listening.address() as AddressInfo).port,
    connections,
    told: told.all,
    until: (what, times = 1) => told.until((all) => all.filter((one) => one === what).length >= times),
    turn: () => {
      const turn = turns.shift();
      return turn === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(turn);
    },
  };
  return stage;
}

/** How a connection ended for its client: by the server's end of its side, or by a reset. */
type End = 'end' | 'reset';

export type Client = {
  readonly socket: Socket;
  write(bytes: string | Buffer): void;
  /** All that has come, latin-1. */
  text(): string;
  /** Resolves once so much has come; rejects where the connection ends before. */
  until(isEnough: (text: string) => boolean): Promise<void>;
  readonly ended: Promise<End>;
};

/** Keeps its own side open when the server ends its. */
export function openClient({ port }: Pick<Stage, 'port'>): Client {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const pieces = watched<string>();
  let text = '';
  let isReset = false;
  let hasEnded = false;
  socket.on('error', () => {
    isReset = true;
  });
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    pieces.add('');
  });
  const ended = new Promise<End>((resolve) => {
    const end = (): void => {
      hasEnded = true;
      resolve(isReset ? 'reset' : 'end');
      pieces.add('');
    };
    socket.on('end', end).on('close', end);
  });
  onTestFinished(() => void socket.destroy());
  return {
    socket,
    write: (bytes) => void (typeof bytes === 'string' ? socket.write(bytes, 'latin1') : socket.write(bytes)),
    text: () => text,
    async until(isEnough) {
      await pieces.until(() => isEnough(text) || hasEnded);
      if (!isEnough(text)) throw new Error(`The connection ended before: ${text.slice(-300)}`);
    },
    ended,
  };
}

/** Answers at once with the target as the body; a body is framed by its fields, and not read. */
export function echo({ request, response }: Turn): void {
  frame(request);
  response.writeHead(200, 'OK', ['Content-Length', String(request.target.length)]);
  response.end(Buffer.from(request.target));
}

/** As `echo`, and the connection ends with it. */
export function echoLast(turn: Turn): void {
  turn.response.isLast = true;
  echo(turn);
}

/** Answers with such a body; the request has none. */
export function answerWith(body: Buffer): (turn: Turn) => void {
  return ({ request, response }) => {
    request.frame(undefined);
    response.writeHead(200, 'OK', ['Content-Length', String(body.length)]);
    response.end(body);
  };
}

/** What a response tells of its end, in order. */
export function endOf(response: ClientResponse): readonly string[] {
  const events: string[] = [];
  response.on('finish', () => events.push('finish')).on('close', () => events.push('close'));
  return events;
}

/** Frames a request as its fields say. */
export function frame(request: ClientRequest): void {
  const length = Number(field(request, 'content-length') ?? 0);
  if (field(request, 'transfer-encoding') !== undefined) request.frame({ kind: 'chunked' });
  else request.frame(length > 0 ? { kind: 'length', length } : undefined);
}

function field({ rawHeaders }: ClientRequest, wanted: string): string | undefined {
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === wanted);
  return at < 0 ? undefined : rawHeaders[at + 1];
}

/** A list whose growth can be waited for. */
function watched<T>(): {
  readonly all: readonly T[];
  add(one: T): void;
  until(isTrue: (all: readonly T[]) => boolean): Promise<void>;
} {
  const all: T[] = [];
  const watchers = new Set<() => void>();
  return {
    all,
    add(one) {
      all.push(one);
      for (const watcher of watchers) watcher();
    },
    until: (isTrue) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!isTrue(all)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
  };
}

/** Resolves when the event loop has turned a few times: what was under way on this machine has arrived. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
