/** Our reader of heads beside the strict parser of Node (llhttp), which others have tried for years: it takes nothing that that one refuses but methods of any name and bytes beyond ASCII in a target, which Apache takes. */
import { createServer, METHODS } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { HeadReader } from '../../src/http/head-reader.ts';
import { duringTests } from '../support/during-tests.ts';
import { fc, runs, SEED } from '../support/property.ts';
import { HEADS } from './heads.ts';

const LIMITS = { headBytes: 65_536, requestLineBytes: 8_190 };
const AT_ONCE = 100;

/**
 * Why ours refuses what Node takes. `blanks`: Node skips those around a target. `empty-line`: Node skips any CR before a request line. `protocol`: Node speaks RTSP and ICE as well.
 */
const STRICTER: ReadonlySet<string> = new Set(['blanks', 'empty-line', 'protocol']);

/** Which targets are served at all (`REFUSED_TARGET` of the proxy); Node's parser looks at their form, ours does not. */
const SERVED_TARGET = /^(?:\/|\*$|https?:\/\/)/;

/** Whether its method and target are such that Node's parser takes them, too. */
function isForBoth({ method, target }: Head): boolean {
  return METHODS.includes(method) && SERVED_TARGET.test(target) && !/[\x80-\xff]/.test(target);
}

type Head = {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly rawHeaders: readonly string[];
};

/** What a parser makes of the bytes of one head. */
type Reading = { readonly head: Head } | { readonly refused: string };

const parser = duringTests(
  async () => {
    const server = createServer({ requireHostHeader: false, insecureHTTPParser: false }, (request) => {
      const { method = '', url: target = '', httpVersion: version, rawHeaders, socket } = request;
      socket.end(JSON.stringify({ head: { method, target, version, rawHeaders } } satisfies Reading));
    });
    server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket) => {
      socket.end(JSON.stringify({ refused: code } satisfies Reading));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  },
  (server) => server.close(),
);

/** Behind the bytes comes the end of the client's side: what is not whole by then is refused. */
function readByNode(bytes: string): Promise<Reading> {
  const { port } = parser().address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    socket.on('error', reject).on('end', () => {
      socket.destroy();
      resolve(text === '' ? { refused: 'not whole' } : ofVersion1(JSON.parse(text) as Reading));
    });
    socket.end(bytes, 'latin1');
  });
}

function readByUs(bytes: string): Reading {
  const reading = new HeadReader().read(Buffer.from(bytes, 'latin1'), LIMITS);
  if (reading.kind !== 'head')
    return { refused: reading.kind === 'fault' ? reading.fault.code : 'not whole' };
  const { method, target, majorVersion, minorVersion, rawHeaders } = reading.head;
  return ofVersion1({ head: { method, target, version: `${majorVersion}.${minorVersion}`, rawHeaders } });
}

/** Those that both serve. */
function ofVersion1(reading: Reading): Reading {
  const isOther = 'head' in reading && reading.head.version !== '1.1' && reading.head.version !== '1.0';
  return isOther ? { refused: 'version' } : reading;
}

describe('our reader and that of Node', () => {
  it('read the same, or ours refuses for a reason that is known', async () => {
    const texts = fc.sample(HEADS, { ...runs(1_000), seed: SEED });
    const found: { readonly text: string; readonly ours: Reading; readonly theirs: Reading }[] = [];
    for (let at = 0; at < texts.length; at += AT_ONCE) {
      const some = texts.slice(at, at + AT_ONCE);
      found.push(
        ...(await Promise.all(
          some.map(async (text) => ({ text, ours: readByUs(text), theirs: await readByNode(text) })),
        )),
      );
    }
    const bothTook = found.filter(({ ours, theirs }) => 'head' in ours && 'head' in theirs);
    for (const { ours, theirs } of bothTook) expect(ours).toEqual(theirs);
    const onlyOurs = found.filter(
      ({ ours, theirs }) => 'head' in ours && isForBoth(ours.head) && 'refused' in theirs,
    );
    expect(onlyOurs).toEqual([]);
    const stricter = found.filter(({ ours, theirs }) => 'refused' in ours && 'head' in theirs);
    expect(stricter.filter(({ ours }) => 'refused' in ours && !STRICTER.has(ours.refused))).toEqual([]);
    // The grammar makes enough of each.
    expect(bothTook.length).toBeGreaterThan(texts.length / 4);
    expect(stricter.length).toBeGreaterThan(10);
    expect(texts.length - bothTook.length - stricter.length).toBeGreaterThan(texts.length / 4);
  });
});
