/** http-proxy's `deleteLength` turns a chunked DELETE into `Content-Length: 0` and its body into a second request. */
import { describe, expect, it } from 'vitest';
import { ok, stageBefore, wsgiRoute } from '../proxy/stage.ts';
import { openConnection } from '../support/raw-http.ts';

const SMUGGLED = 'GET /secret HTTP/1.1\r\nHost: a\r\n\r\n';
const CHUNKED = `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`;

describe.each([['DELETE'], ['OPTIONS'], ['POST'], ['GET']])('a chunked %s', (method) => {
  const bytes = `${method} /app HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${CHUNKED}`;

  it('is one request with one body upstream', async () => {
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('\r\n0\r\n\r\n') && socket.write(ok('done'))),
      { route: wsgiRoute({}, { chunkedRequest: true }) },
    );
    const client = openConnection(stage.target);
    client.write(bytes);
    expect(await client.closed).toContain('done');
    const [text = '', ...others] = stage.recorder.received;
    const [head = '', ...body] = text.split('\r\n\r\n');
    expect(others).toEqual([]);
    expect(head).toMatch(/\r\ntransfer-encoding: chunked/i);
    expect(head).not.toMatch(/content-length/i);
    expect(body.join('\r\n\r\n')).toBe(`\r\n${CHUNKED}`.slice(2));
    expect(stage.requests).toHaveLength(1);
  });

  it('is refused whole where chunks are not allowed', async () => {
    const stage = await stageBefore(ok('done'));
    const client = openConnection(stage.target);
    client.write(bytes);
    expect((await client.closed).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 411']);
    expect(stage.recorder.received).toEqual([]);
  });
});
