/** Names that become another's environ entry, or the sidecar's own (CVE-2015-7519, httpoxy). */
import { describe, expect, it } from 'vitest';
import { headersOf, ok, stageBefore } from '../proxy/stage.ts';
import { exchange } from '../support/raw-http.ts';

describe('a field that would pass for another', () => {
  it.each([
    [
      'an underscore for a hyphen',
      'X_Remote_User: eve\r\nContent_Length: 7\r\n',
      ['x_remote_user', 'content_length'],
    ],
    ['other characters', 'X.A: 1\r\nX+A: 1\r\n', ['x.a', 'x+a']],
    ['Proxy', 'Proxy: http://evil.test\r\n', ['proxy']],
    [
      'our own names',
      'X-Sidecar-Request: {}\r\nX-SIDECAR-mount: {}\r\nx-sidecar-outcome: a\r\n',
      ['x-sidecar-outcome'],
    ],
  ])('does not reach the application: %s', async (_, fields, absent) => {
    const stage = await stageBefore(ok('hello'), { front: { trustedProxies: ['127.0.0.1'] } });
    const answer = await exchange(
      stage.target,
      `GET / HTTP/1.1\r\n${fields}Host: a\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(200);
    const [text = ''] = stage.recorder.received;
    for (const name of absent) expect([...headersOf(text).keys()]).not.toContain(name);
    expect(text.match(/^x-sidecar-(?:request|mount):/gim)).toHaveLength(2);
    expect(headersOf(text).get('x-sidecar-request')).not.toBe('{}');
  });
});
