/**
 * What an application sees: the environ of the sidecar's worker beside the one of mod_wsgi, for the same bytes on the wire,
 * and what becomes of requests that never reach an application.
 */
import { describe, expect, it } from 'vitest';
import { besideApache } from './beside-apache.ts';
import { type Case, CONF, DUMP, environOf, REACHING, request } from './environ-cases.ts';

const REFUSED: readonly Case[] = [
  {
    name: 'chunks where they are not allowed',
    bytes: request('POST /embedded HTTP/1.1', ['Transfer-Encoding: chunked'], '3\r\nabc\r\n0\r\n\r\n'),
  },
  { name: 'a path that is nobody’s', bytes: request('GET /nothing HTTP/1.1') },
  { name: 'an encoded slash', bytes: request('GET /embedded/a%2Fb HTTP/1.1') },
  { name: 'a NUL', bytes: request('GET /embedded/%00 HTTP/1.1') },
  { name: 'a bad escape', bytes: request('GET /embedded/%zz HTTP/1.1') },
  { name: 'a path above the root', bytes: request('GET /../embedded HTTP/1.1') },
  { name: 'no Host', bytes: 'GET /embedded HTTP/1.1\r\nConnection: close\r\n\r\n' },
  { name: 'two Hosts', bytes: request('GET /embedded HTTP/1.1', ['Host: b.shop.test']) },
  { name: 'a file in a folder that is not there', bytes: request('GET /folder/none.wsgi HTTP/1.1') },
  { name: 'the folder itself', bytes: request('GET /folder/ HTTP/1.1') },
  { name: 'a bad length', bytes: request('POST /embedded HTTP/1.1', ['Content-Length: x'], '') },
];

describe('the environ', () => {
  const beside = besideApache({ conf: CONF, files: { 'apps/dump.wsgi': DUMP } });

  it.each(REACHING)('is that of mod_wsgi: $name', async (one) => {
    const [expected, actual] = await beside.exchange(one.bytes);
    expect(actual.status).toBe(expected.status);
    expect(environOf(actual)).toEqual(environOf(expected));
  });

  it('is that of mod_wsgi for more hosts of a mount than are told once, in any order', async () => {
    const hosts = Array.from({ length: 24 }, (_, i) => `h${i % 12}.shop.test`);
    for (const host of hosts) {
      const bytes = request('GET /daemon/a HTTP/1.1').replace('www.shop.test', host);
      const [expected, actual] = await beside.exchange(bytes);
      expect(environOf(actual)).toMatchObject({ SERVER_NAME: host, HTTP_HOST: host });
      expect(environOf(actual)).toEqual(environOf(expected));
    }
  });

  it.each(REFUSED)('is not made, with the status of Apache: $name', async (one) => {
    const [expected, actual] = await beside.exchange(one.bytes);
    expect(actual.status).toBe(expected.status);
    expect(actual.header('x-environ')).toBeUndefined();
  });
});
