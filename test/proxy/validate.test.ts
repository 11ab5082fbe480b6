import { describe, expect, it } from 'vitest';
import { createHeaderScanner } from '../../src/proxy/headers.ts';
import { FRONT_LIMITS } from '../../src/proxy/limits.ts';
import { readHead } from '../../src/proxy/validate.ts';

const scan = createHeaderScanner('');

function read(line: string, headers: readonly string[] = ['Host', 'www.test']): ReturnType<typeof readHead> {
  const [method = '', target = '', version = '1.1'] = line.split(' ');
  const [majorVersion = 1, minorVersion = 1] = version.split('.').map(Number);
  return readHead({
    line: { method, target, majorVersion, minorVersion },
    headers: scan(headers),
    limits: FRONT_LIMITS.head,
  });
}

const host = ['Host', 'www.test'];

describe('readHead()', () => {
  it.each([
    ['GET /a?b=c', '/a?b=c', 'www.test'],
    ['GET //a\\b/%2e%2e/{x}', '//a\\b/%2e%2e/{x}', 'www.test'],
    ['GET http://other.test:81/a?b', '/a?b', 'other.test:81'],
    ['GET HTTPS://other.test', '/', 'www.test'],
    ['GET HTTP://Other.TEST.:81', '/', 'other.test:81'],
    ['GET http://other.test:/a', '/a', 'other.test:'],
    ['GET http:///a', '/a', ''],
    ['GET http:/a', '/a', 'www.test'],
    ['TRACE /', '/', 'www.test'],
    ['GET http://other.test?b', '/?b', 'other.test'],
    ['OPTIONS /a', '/a', 'www.test'],
  ])('takes %s', (line, path, authority) => {
    expect(read(line)).toEqual({ kind: 'head', path, host: authority, minorVersion: 1, body: 'none' });
  });

  it.each([
    ['a host in the wrong syntax', 'GET /', ['Host', 'a/b'], 400, 'bad_host'],
    ['a host with user information', 'GET /', ['Host', 'u@a'], 400, 'bad_host'],
    ['a host with an empty port', 'GET /', ['Host', 'a:'], 400, 'bad_host'],
    ['an open bracket', 'GET /', ['Host', '[::1'], 400, 'bad_host'],
    ['no host in HTTP/1.1', 'GET /', [], 400, 'bad_host'],
    ['an empty host in HTTP/1.1', 'GET /', ['Host', ''], 400, 'bad_host'],
    ['no host in HTTP/1.2', 'GET / 1.2', [], 400, 'bad_host'],
    ['two hosts', 'GET /', ['Host', 'a', 'Host', 'a'], 400, 'dup_host'],
    ['an asterisk without OPTIONS', 'GET *', host, 400, 'target'],
    ['a URL with a broken authority', 'GET http://[bad/', host, 400, 'target'],
    ['a URL of another scheme', 'GET ftp://a/', host, 400, 'target'],
    ['a path without a slash', 'GET a', host, 400, 'target'],
    ['a request line of 8192 bytes', `GET /${'a'.repeat(8178)}`, host, 414, 'target'],
    [
      'two lengths',
      'POST /',
      [...host, 'Content-Length', '1', 'Content-Length', '1'],
      400,
      'repeated_header',
    ],
    ['two types', 'POST /', [...host, 'Content-Type', 'a', 'Content-Type', 'b'], 400, 'repeated_header'],
    [
      'two framings',
      'POST /',
      [...host, 'Content-Length', '1', 'Transfer-Encoding', 'chunked'],
      400,
      'te_cl',
    ],
    ['chunks in HTTP/1.0', 'POST / 1.0', [...host, 'Transfer-Encoding', 'chunked'], 400, 'te_http10'],
    ['another coding', 'POST /', [...host, 'Transfer-Encoding', 'gzip, chunked'], 501, 'coding'],
    [
      'chunks twice',
      'POST /',
      [...host, 'Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'],
      400,
      'te_cl',
    ],
    ['a coding behind chunks', 'POST /', [...host, 'Transfer-Encoding', 'Chunked, gzip'], 400, 'te_cl'],
    ['a coding that begins alike', 'POST /', [...host, 'Transfer-Encoding', 'chunkedx'], 501, 'coding'],
    ['HTTP/0.9', 'GET / 0.9', host, 505, 'http_version'],
    ['HTTP/2.0', 'GET / 2.0', host, 505, 'http_version'],
    ['a field of 8191 bytes', 'GET /', [...host, 'X-A', 'a'.repeat(8188)], 431, 'header_too_big'],
    [
      '101 fields',
      'GET /',
      [...host, ...Array.from({ length: 100 }, (_, i) => [`X-${i}`, '']).flat()],
      431,
      'header_too_big',
    ],
  ])('refuses %s', (_, line, headers, status, reason) => {
    expect(read(line, headers)).toMatchObject({ kind: 'refused', rule: { status, reason } });
  });

  it('takes a request line and a field that are as long as Apache takes them', () => {
    expect(read(`GET /${'a'.repeat(8177)}`)).toMatchObject({ kind: 'head' });
    expect(read('GET /', [...host, 'X-A', 'a'.repeat(8186)])).toMatchObject({ kind: 'head' });
  });

  it('takes HTTP/1.0 without a host, and with an empty one', () => {
    expect(read('GET / 1.0', [])).toMatchObject({ kind: 'head', host: '' });
    expect(read('GET / 1.0', ['Host', ''])).toMatchObject({ kind: 'head', host: '' });
  });

  it('takes the host of a URL whose scheme the client speaks, and of no other', () => {
    const line = { method: 'GET', majorVersion: 1, minorVersion: 1 };
    const rest = { headers: scan(host), limits: FRONT_LIMITS.head };
    const hostOf = (target: string, tls: boolean): unknown =>
      readHead({ line: { ...line, target, tls }, ...rest });
    expect(hostOf('https://other.test/', true)).toMatchObject({ host: 'other.test' });
    expect(hostOf('https://other.test/', false)).toMatchObject({ host: 'www.test' });
    expect(hostOf('http://other.test/', true)).toMatchObject({ host: 'www.test' });
  });

  it('reads no Expect in HTTP/1.0, which has none', () => {
    expect(read('GET / 1.0', ['Expect', 'x'])).toMatchObject({ kind: 'head' });
    expect(read('GET /', [...host, 'Expect', 'x'])).toMatchObject({ rule: { status: 417 } });
  });

  it('sees a question to the server itself', () => {
    expect(read('OPTIONS *')).toEqual({ kind: 'server-options' });
  });

  it.each([
    [['Content-Length', '0'], 'length'],
    [['Transfer-Encoding', 'Chunked'], 'chunked'],
    [[], 'none'],
  ])('reads the framing of %j as %s', (headers, body) => {
    expect(read('POST /', [...host, ...headers])).toMatchObject({ body });
  });
});
