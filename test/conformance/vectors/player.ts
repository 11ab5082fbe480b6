/** Plays vectors to a live sidecar, and says what came of each. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { openSocket } from '../../support/raw-http.ts';
import { type Sidecar, startSidecar } from '../../support/sidecar.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { get, type Outcome, type Seen, type Vector } from './vector.ts';

/** Behind what is expected to leave the connection open: were a byte of it left over, this would not be what is seen. */
const NEXT = get('X-Next: 1');

/** A sidecar whose application keeps what it sees, at the root of `wire.test`. */
export async function startRecorder(): Promise<Sidecar> {
  const folder = makeTemporaryFolder();
  const script = join(import.meta.dirname, '../../fixtures/wsgi/records.py');
  folder.write('records.py', readFileSync(script, 'utf8'));
  const apache = folder.write(
    'apache.conf',
    `Listen 80
ServerName wire.test
WSGIScriptAlias / ${folder.path}/records.py
WSGIApplicationGroup %{GLOBAL}
WSGIChunkedRequest On
<Directory ${folder.path}>
  Require all granted
</Directory>
`,
  );
  return startSidecar({ apache, as: '*:80', settings: { groups: { defaults: { allowRoot: true } } } });
}

/** What came of a vector's bytes, in the words of what is expected: fields of the application that nobody asks for are left out. */
export async function play(sidecar: Sidecar, { pieces, outcome }: Vector): Promise<Outcome> {
  const socket = openSocket({ port: sidecar.port });
  const connection = watch(socket);
  await new Promise((resolve) => socket.once('connect', resolve));
  const port = socket.localPort ?? 0;
  for (const piece of pieces) await write(socket, piece);
  const ends = await conclude(connection, outcome);
  const seen = await seenBy(sidecar, port);
  const answers = connection.answers();
  if (ends !== 'open') return { seen: pick(seen, outcome.seen), answers, ends };
  const isNext = seen.at(-1)?.fields?.HTTP_X_NEXT === '1';
  return {
    seen: pick(isNext ? seen.slice(0, -1) : seen, outcome.seen),
    answers: isNext ? answers.slice(0, -1) : answers,
    ends: isNext ? 'open' : 'closed',
  };
}

type Watched = {
  readonly socket: Socket;
  /** Statuses of the final answers so far. */
  answers(): readonly number[];
  /** Whether the last of them ends the connection, in so many words. */
  saysClose(): boolean;
  /** Resolves when there are so many, or the connection has ended. */
  until(count: number): Promise<void>;
  readonly closed: Promise<void>;
};

function watch(socket: Socket): Watched {
  let text = '';
  const watchers = new Set<() => void>();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()).on('error', () => {}));
  const answers = (): readonly number[] =>
    [...text.matchAll(/^HTTP\/1\.[01] ([2-5]\d\d) /gm)].map(([, status]) => Number(status));
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (const watcher of watchers) watcher();
  });
  return {
    socket,
    answers,
    saysClose: () => /^Connection: close\r$/im.test(text.slice(text.lastIndexOf('HTTP/1.1 '))),
    closed,
    until: (count) =>
      Promise.race([
        closed,
        new Promise<void>((resolve) => {
          const look = (): void => {
            if (answers().length >= count) resolve();
          };
          watchers.add(look);
          look();
        }),
      ]),
  };
}

/** Brings the connection to its end as the outcome has it, and says how it ended. */
async function conclude(connection: Watched, outcome: Outcome): Promise<Outcome['ends']> {
  const { socket, until, closed, answers, saysClose } = connection;
  if (outcome.ends === 'unfinished') {
    const early = answers().length;
    socket.end();
    await closed;
    return early === 0 ? 'unfinished' : 'closed';
  }
  await until(outcome.answers.length);
  if (saysClose()) {
    await closed;
    return 'closed';
  }
  if (!socket.destroyed) await write(socket, NEXT);
  await until(outcome.answers.length + 1);
  socket.destroy();
  await closed;
  return 'open';
}

/** Resolves when the piece has left, so that pieces are pieces on the wire too. */
function write(socket: Socket, piece: string): Promise<void> {
  return new Promise((resolve) => {
    socket.write(piece, 'latin1', () => setImmediate(resolve));
  });
}

async function seenBy(sidecar: Sidecar, port: number): Promise<readonly Seen[]> {
  const answer = await sidecar.get('wire.test', `/records?${port}`);
  return JSON.parse(answer.text()) as Seen[];
}

/** Of each request's fields those that are asked for. */
function pick(seen: readonly Seen[], wanted: readonly Seen[]): readonly Seen[] {
  return seen.map(({ method, target, body, fields = {} }, i) => {
    const asked = wanted[i]?.fields;
    if (asked === undefined) return { method, target, body };
    return {
      method,
      target,
      body,
      fields: Object.fromEntries(Object.keys(asked).map((name) => [name, fields[name]])),
    };
  });
}
