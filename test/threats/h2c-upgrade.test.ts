/** An upgrade that nobody here speaks is a plain request, as under mod_wsgi; never a tunnel, never silence. */
import { describe, expect, it } from 'vitest';
import { ok, stageBefore } from '../proxy/stage.ts';
import { openConnection } from '../support/raw-http.ts';
import { LAST, statusesOf } from './refusal.ts';

describe('a request that asks for h2c', () => {
  it('is served as HTTP/1.1, and the connection stays one', async () => {
    const fields = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write(`GET /1 HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    await stage.observed(0);
    client.write(
      `POST /2 HTTP/1.1\r\n${fields.replace(', HTTP2-Settings', '')}Content-Length: 0\r\nHost: a\r\n\r\n`,
    );
    await stage.observed(1);
    client.write(`GET /3 HTTP/1.1${LAST}`);
    expect(statusesOf(await client.closed)).toEqual([200, 200, 200]);
    expect(stage.recorder.received.join('')).not.toMatch(/^(?:upgrade|http2-settings):/im);
  });
});
