/**
 * A live sidecar under bytes that nobody wrote by hand: a minute in CI, the same bytes each time;
 * `WSGI_SIDECAR_SEED=random npm run conformance -- fuzz --seconds 3600` for an hour of new ones.
 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { INSPECTED, liveBytes } from '../../support/live-memory.ts';
import { fc, SEED } from '../../support/property.ts';
import { openSocket } from '../../support/raw-http.ts';
import { type Sidecar, startSidecar } from '../../support/sidecar.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { type Attack, attacks } from './grammar.ts';
import { type Framed, readConnection } from './reference-reader.ts';

const SECONDS = Number(process.env.FUZZ_SECONDS ?? '60');
/** What may be under way, and what code and tables take; a leak of half a kilobyte a connection is beyond it after a minute. */
const GROWTH_MIB = 12;
/** Less than the sidecar keeps an idle connection: whoever waits so long for an answer has been forgotten. */
const FORGOTTEN_MS = 12_000;

describe('the sidecar under a grammar of requests', () => {
  it('lets the application see exactly the requests that the client framed, and lives on', async () => {
    process.stdout.write(`seed ${SEED}\n`);
    const sidecar = await start();
    try {
      await attackFor(sidecar, 5);
      const before = await liveBytes(sidecar.process);
      await attackFor(sidecar, SECONDS);
      const growthMib = ((await liveBytes(sidecar.process)) - before) / 2 ** 20;
      process.stdout.write(`memory grew by ${growthMib.toFixed(1)} MiB\n`);
      expect(growthMib).toBeLessThan(GROWTH_MIB);
      expect((await sidecar.get('fuzz.test', '/app/')).status).toBe(200);
    } finally {
      await sidecar.stop();
    }
  });
});

async function attackFor(sidecar: Sidecar, seconds: number): Promise<void> {
  let played = 0;
  await fc.assert(
    fc.asyncProperty(attacks, async (attack) => {
      played += 1;
      const { answers, port } = await play(sidecar, attack);
      const seen = await seenBy(sidecar, port);
      expect(seen.map(essence)).toEqual(
        whatIsServed(readConnection(attack.bytes).requests, answersOf(answers)),
      );
    }),
    {
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: seconds * 1000,
      markInterruptAsFailure: false,
    },
  );
  process.stdout.write(`${played} attacks in ${seconds} s\n`);
}

type Played = { readonly answers: string; readonly port: number };

/** Sends the bytes in their pieces; resolves with what came back once each framed request is answered, or the sidecar has ended it. */
async function play(sidecar: Sidecar, { bytes, cuts }: Attack): Promise<Played> {
  const wanted = readConnection(bytes).requests.length;
  const socket = openSocket({ port: sidecar.port });
  let answers = '';
  let isForgotten = false;
  const settled = new Promise<void>((resolve) => {
    const look = (): void => {
      if (answersOf(answers).length >= wanted) resolve();
    };
    socket
      .once('close', () => resolve())
      .on('error', ({ message }) => {
        isForgotten = message === 'forgotten';
      });
    socket.on('data', (chunk: Buffer) => {
      answers += chunk.toString('latin1');
      look();
    });
    look();
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  const port = socket.localPort ?? 0;
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i += 1) await write(socket, bytes.slice(places[i - 1], places[i]));
  const forgotten = setTimeout(() => socket.destroy(new Error('forgotten')), FORGOTTEN_MS);
  await settled;
  clearTimeout(forgotten);
  socket.destroy();
  if (isForgotten) throw new Error(`Neither answered nor ended: ${JSON.stringify(answers)}`);
  return { answers, port };
}

type Answer = { readonly status: number; readonly isLast: boolean };

/** Final ones; a body before one need not end in a line. */
function answersOf(text: string): readonly Answer[] {
  const heads = text.matchAll(/HTTP\/1\.1 ([2-5]\d\d) (?:[^\r]|\r(?!\n\r\n))*/g);
  return Array.from(heads, ([head, status]) => ({
    status: Number(status),
    isLast: /\r\nConnection: close(?:\r\n|$)/i.test(head),
  }));
}

/**
 * Which of the framed requests the application has to have seen: answers come in their order, one for each, until one says that it is the
 * last. Throws where a request has no answer and no answer before it is the last.
 */
function whatIsServed(framed: readonly Framed[], answers: readonly Answer[]): readonly Framed[] {
  const last = answers.findIndex(({ isLast }) => isLast);
  const answered = last < 0 ? framed : framed.slice(0, last + 1);
  expect(answers.length).toBeGreaterThanOrEqual(answered.length);
  return answered
    .filter((request, i) => answers[i]?.status === 200 && isForApplication(request))
    .map(essence);
}

/** Resolves when the piece has left, so that pieces are pieces on the wire too. */
function write(socket: Socket, piece: string): Promise<void> {
  return new Promise((resolve) => {
    socket.write(piece, 'latin1', () => setImmediate(resolve));
  });
}

async function seenBy(sidecar: Sidecar, port: number): Promise<readonly Framed[]> {
  const answer = await sidecar.get('fuzz.test', `/app/records?${port}`);
  return JSON.parse(answer.text()) as Framed[];
}

/** What a request was, without its fields; HEAD may reach the application as GET (WSGIMapHEADToGET). */
function essence({ method, target, body }: Framed): Framed {
  return { method: method === 'HEAD' ? 'GET' : method, target, body };
}

/** Whether its target is in the application's mount; the only virtual host answers for every name. `..` leads out of it. */
function isForApplication({ target }: Framed): boolean {
  return /^(?:http:(?:\/\/[^/]*)?)?\/app(?:[/?]|$)/.test(target) && !target.includes('%2e%2e');
}

async function start(): Promise<Sidecar> {
  const folder = makeTemporaryFolder();
  const script = join(import.meta.dirname, '../../fixtures/wsgi/records.py');
  folder.write('records.py', readFileSync(script, 'utf8'));
  const apache = folder.write(
    'apache.conf',
    `Listen 80
ServerName fuzz.test
WSGIScriptAlias /app ${folder.path}/records.py
WSGIApplicationGroup %{GLOBAL}
WSGIChunkedRequest On
<Directory ${folder.path}>
  Require all granted
</Directory>
`,
  );
  const settings = { groups: { defaults: { allowRoot: true } } };
  return startSidecar({ apache, as: '*:80', settings, environment: INSPECTED });
}
