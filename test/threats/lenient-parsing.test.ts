/** Bytes that two parsers could take for two things are no request. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { ok, stageBefore } from '../proxy/stage.ts';
import { type Connection, openConnection } from '../support/raw-http.ts';
import { expectRefusal, LAST, statusesOf } from './refusal.ts';

describe('a head that no strict parser takes', () => {
  it.each([
    ['bare line feeds', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a bare carriage return', `GET / HTTP/1.1\r\nX-A: b\rc${LAST}`],
    ['a folded header', `GET / HTTP/1.1\r\nX-A: b\r\n c${LAST}`],
    ['a space before the colon', `GET / HTTP/1.1\r\nX-A : b${LAST}`],
    ['a NUL in a header', `GET / HTTP/1.1\r\nX-A: b\0c${LAST}`],
    ['a length with a sign', `POST / HTTP/1.1\r\nContent-Length: +3${LAST}abc`],
    ['a list of lengths', `POST / HTTP/1.1\r\nContent-Length: 3, 3${LAST}abc`],
    ['another protocol', 'SSH-2.0-OpenSSH\r\n'],
    ['two spaces behind the method', `GET  / HTTP/1.1${LAST}`],
    ['two spaces behind the target', `GET /  HTTP/1.1${LAST}`],
    ['a method that is no token', `F:OO / HTTP/1.1${LAST}`],
    ['a method beyond ASCII', `F\xe9 / HTTP/1.1${LAST}`],
    ['no version behind a method that HTTP/0.9 has not', 'FOO /\r\n\r\n'],
    ['the protocol of RTSP', `GET / RTSP/1.0${LAST}`],
    ['the protocol of Icecast', `SOURCE / ICE/1.0${LAST}`],
  ])('is refused: %s', (_, bytes) => expectRefusal(bytes, { status: 400, reason: 'bad_request' }));

  it.each([
    ['two spaces behind the method', `GET  / HTTP/1.1${LAST}`],
    ['two spaces behind the target', `GET /  HTTP/1.1${LAST}`],
    ['the protocol of RTSP', `GET / RTSP/1.0${LAST}`],
    ['two spaces, and a strict line further on', `GET /  HTTP/1.1\r\nX-A: GET / HTTP/1.1${LAST}`],
  ])('is refused when it comes byte by byte: %s', async (_, bytes) => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    await writeByByte(client, `\r\n${bytes}`);
    expect(statusesOf(await client.closed)).toEqual([400]);
    expect(await stage.observed()).toMatchObject({ status: 400, reason: 'bad_request' });
    expect(stage.recorder.received).toEqual([]);
  });

  it('is refused behind another request, in two pieces', async () => {
    const stage = await stageBefore(answeringBodies);
    const client = openConnection(stage.target);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET  /b HT');
    await client.until('hello');
    client.write(`TP/1.1${LAST}`);
    expect(statusesOf(await client.closed)).toEqual([200, 400]);
  });

  it.each(['websocket', 'h2c'])('is refused when it asks for an upgrade: %s', async (protocol) => {
    const upgrade = `Connection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==`;
    await expectRefusal(`GET /  HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n\r\n`, {
      status: 400,
      reason: 'bad_request',
    });
  });

  it('is not taken for loose because it comes byte by byte', async () => {
    const stage = await stageBefore(answeringBodies);
    const client = openConnection(stage.target);
    await writeByByte(client, 'GET /a HTTP/1.1\r\nHost:a\r\nX-A:  b \r\n\r\n');
    await client.until('hello');
    await writeByByte(client, `POST /b HTTP/1.1\r\nContent-Length: 3\r\nHost: a\r\n\r\nabc`);
    await writeByByte(client, `GET /c HTTP/1.1${LAST}`);
    expect(statusesOf(await client.closed)).toEqual([200, 200, 200]);
  });

  it.each([
    ['a length, then chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked', 'te_cl'],
    ['chunks, then a length', 'Transfer-Encoding: chunked\r\nContent-Length: 3', 'te_cl'],
    ['chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 'te_cl'],
    ['chunked before another coding', 'Transfer-Encoding: chunked, gzip', 'te_cl'],
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 4', 'repeated_header'],
    ['the same length twice', 'Content-Length: 3\r\nContent-Length: 3', 'repeated_header'],
  ])('is refused, and counted for what it is: %s', (_, fields, reason) =>
    expectRefusal(`POST / HTTP/1.1\r\n${fields}${LAST}0\r\n\r\n`, { status: 400, reason }),
  );

  it.each([
    ['HTTP/1.10', `GET / HTTP/1.10${LAST}`, 'http_version'],
    ['HTTP/2.1', `GET / HTTP/2.1${LAST}`, 'http_version'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'http_version'],
    ['a NUL in the target', `GET /\0 HTTP/1.1${LAST}`, 'target'],
    ['DEL in the target', `GET /\x7f HTTP/1.1${LAST}`, 'target'],
  ])('is refused, and counted for what it is: %s', (_, bytes, reason) =>
    expectRefusal(bytes, { status: 400, reason }),
  );

  it.each([
    ['TLS', '\x16\x03\x01\x02'],
    ['a letter beyond ASCII', 'caf\xe9'],
    ['JSON', '{"a":1'],
    ['a URL', 'http:'],
    ['an answer', 'HTTP/'],
    ['a blank', ' '],
    ['a name in quotes', '"GET" / HTT'],
    ['a control character behind a method', 'GET /\x01'],
  ])('is refused at its first bytes, which end no line: %s', (_, bytes) =>
    expectRefusal(bytes, { status: 400, reason: 'bad_request' }),
  );

  it.each([
    ['a method in three pieces', ['F', 'O', 'O /a HTTP/1.1']],
    ['a method longer than any that is known', ['A'.repeat(100), ` /a HTTP/1.1`]],
    ['bytes beyond ASCII in two pieces', ['GET /\xc3', '\xa9 HTTP/1.1']],
    ['a version that is not there yet', ['GET /a HTTP/1', '.2']],
  ])('is waited for where it may yet be a request: %s', async (_, pieces) => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    for (const piece of pieces) await client.flush(piece);
    client.write(LAST);
    expect(statusesOf(await client.closed)).toEqual([200]);
    const line = pieces.join('').replace(/HTTP.*/, 'HTTP/1.1\r\n');
    expect(stage.recorder.received.join('').startsWith(line)).toBe(true);
  });

  it('is a request line without an end as soon as it is too long', () =>
    expectRefusal('A'.repeat(9000), { status: 414, reason: 'target' }));

  it.each([
    ['HTTP/0.9', `GET / HTTP/0.9${LAST}`],
    ['no version', 'GET /\r\n\r\n'],
    ['HTTP/2.0', `GET / HTTP/2.0${LAST}`],
  ])('is refused: %s', (_, bytes) => expectRefusal(bytes, { status: 505, reason: 'http_version' }));

  it('is refused: chunks in HTTP/1.0', () =>
    expectRefusal(`POST / HTTP/1.0\r\nTransfer-Encoding: chunked${LAST}0\r\n\r\n`, {
      status: 400,
      reason: 'te_http10',
    }));

  it('is refused: gzip before chunked', () =>
    expectRefusal(`POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked${LAST}0\r\n\r\n`, {
      status: 501,
      reason: 'coding',
    }));
});

function answeringBodies(socket: Socket, text: string): void {
  const hasBody = text.lastIndexOf('POST /') > text.lastIndexOf('GET /');
  if (text.endsWith(hasBody ? 'abc' : '\r\n\r\n')) socket.write(ok('hello'));
}

/** Each byte is sent when the one before it has left, as a piece of its own. */
async function writeByByte(client: Connection, bytes: string): Promise<void> {
  for (const byte of bytes) await client.flush(byte);
}

describe('the sources', () => {
  it('never make the parser lenient', () => {
    const folder = join(packageRoot(), 'src');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.[tj]s$/.test(name),
    );
    const lenient = files.filter((name) =>
      /insecureHTTPParser: (?!false)|insecure-http-parser/.test(readFileSync(join(folder, name), 'utf8')),
    );
    expect(lenient).toEqual([]);
  });
});
