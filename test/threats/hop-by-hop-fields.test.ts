/** Fields of one connection end with it, in both directions; what frames and identifies cannot be named away. */
import { describe, expect, it } from 'vitest';
import { headersOf, ok, stageBefore } from '../proxy/stage.ts';
import { exchange, openConnection } from '../support/raw-http.ts';

const FIELDS =
  'Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nProxy-Authenticate: Basic\r\nTE: trailers\r\n' +
  'Trailer: X-A\r\nUpgrade: foo\r\nX-Named: 1\r\nConnection: close, X-Named, TE\r\n';
const HOP_BY_HOP =
  /^(?:connection|keep-alive|proxy-connection|proxy-authorization|proxy-authenticate|proxy-authentication-info|te|trailer|upgrade|x-named|transfer-encoding)$/;

describe('fields of one hop', () => {
  it('do not reach the application', async () => {
    const stage = await stageBefore(ok('hello'));
    await exchange(stage.target, `GET / HTTP/1.1\r\nHost: a\r\n${FIELDS}X-Kept: 1\r\n\r\n`);
    const names = [...headersOf(stage.recorder.received[0] ?? '').keys()];
    expect(names).toContain('x-kept');
    expect(names.filter((name) => HOP_BY_HOP.test(name))).toEqual([]);
  });

  it('do not reach the client, whose connection is not the upstream’s', async () => {
    const stage = await stageBefore(
      ok('hello').replace(
        '\r\n\r\n',
        `\r\n${FIELDS.replace('Connection: close', 'Connection: x-other')}Proxy-Authentication-Info: a\r\nX-Kept: 1\r\n\r\n`,
      ),
    );
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until('hello');
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const [first = ''] = (await client.closed).split('hello');
    const answered = headersOf(first);
    expect(answered.get('x-kept')).toBe('1');
    expect([...answered.keys()].filter((name) => HOP_BY_HOP.test(name))).toEqual([
      'connection',
      'keep-alive',
    ]);
    expect([answered.get('connection'), answered.get('keep-alive')]).toEqual(['keep-alive', 'timeout=15']);
  });

  it('cannot name away what frames and routes', async () => {
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('abc') && socket.write(ok('hello'))),
    );
    const fields = 'Host: a\r\nContent-Length: 3\r\nConnection: close, Content-Length, Host\r\n';
    expect((await exchange(stage.target, `POST / HTTP/1.1\r\n${fields}\r\nabc`)).status).toBe(200);
    const sent = headersOf(stage.recorder.received[0] ?? '');
    expect([sent.get('host'), sent.get('content-length')]).toEqual(['a', '3']);
  });

  it('cannot name away the length of an answer', async () => {
    const named = ok('hello').replace('\r\n\r\n', '\r\nConnection: keep-alive, Content-Length\r\n\r\n');
    const stage = await stageBefore(named);
    expect(await exchange(stage.target, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toMatchObject({
      status: 200,
      end: 'length',
    });
  });

  it('end a connection, though a tab stands behind "close"', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\t\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n',
    );
    expect((await client.closed).match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  });

  it('cannot name away what a front says of its client (CVE-2022-31813)', async () => {
    const stage = await stageBefore(ok('hello'), { front: { trustedProxies: ['127.0.0.1'] } });
    const fields = 'Host: a\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close, X-Forwarded-For\r\n';
    await exchange(stage.target, `GET / HTTP/1.1\r\n${fields}\r\n`);
    expect(stage.requests[0]?.remoteAddress).toBe('192.0.2.1');
  });
});
