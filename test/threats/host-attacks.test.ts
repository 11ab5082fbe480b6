/** Host names the virtual host and so the group: it is a host and a port and nothing else. */
import { describe, expect, it } from 'vitest';
import { headersOf, ok, stageBefore } from '../proxy/stage.ts';
import { exchange } from '../support/raw-http.ts';
import { expectRefusal } from './refusal.ts';

describe('a Host that is more or less than a host and a port', () => {
  it.each([
    ['a path', 'a/../b'],
    ['a user', 'eve@a'],
    ['a space', 'a b'],
    ['two hosts', 'a, b'],
    ['a port that is none', 'a:b'],
    ['an empty port', 'a:'],
    ['a port of six digits', 'a:100000'],
    ['an open bracket', '[::1'],
    ['a percent sign', 'a%2fb'],
    ['a backslash', 'a\\b'],
    ['a quote', 'a"b'],
    ['a bar, which parts names of groups', 'a|b'],
    ['a byte from 0x80 on', 'a\xe9'],
    ['nothing', ''],
  ])('is refused: %s', (_, host) =>
    expectRefusal(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, {
      status: 400,
      reason: 'bad_host',
    }),
  );

  it('is refused where it is missing', () =>
    expectRefusal('GET / HTTP/1.1\r\nConnection: close\r\n\r\n', { status: 400, reason: 'bad_host' }));
});

describe('an absolute-form target', () => {
  it('decides against Host, and is forwarded as a path with its own authority', async () => {
    const stage = await stageBefore(ok('hello'));
    await exchange(
      stage.target,
      'GET http://evil.test:81/x?y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    const [text = ''] = stage.recorder.received;
    expect(text).toMatch(/^GET \/x\?y HTTP\/1\.1\r\n/);
    expect(headersOf(text).get('host')).toBe('evil.test:81');
    expect(text.match(/^host:/gim)).toHaveLength(1);
  });
});
