/** Targets that crash, bend or tunnel through a plain proxy. */
import { describe, expect, it } from 'vitest';
import { ok, stageBefore } from '../proxy/stage.ts';
import { exchange } from '../support/raw-http.ts';
import { expectRefusal, LAST } from './refusal.ts';

describe('a target that is neither a path nor an http URL', () => {
  it.each([
    ['an open bracket in the authority', 'http://[bad/'],
    ['an asterisk without OPTIONS', '*'],
    ['a user in the authority', 'http://eve@a/'],
    ['another scheme', 'ftp://a/'],
    ['a socket', 'unix:///run/x.sock'],
  ])('is refused: %s', (_, target) =>
    expectRefusal(`GET ${target} HTTP/1.1${LAST}`, { status: 400, reason: 'target' }),
  );

  it.each([
    ['a file', 'GET file:/etc/passwd'],
    ['a name', 'GET a'],
    ['a colon', 'GET :80'],
  ])('is refused by the parser: %s', (_, line) =>
    expectRefusal(`${line} HTTP/1.1${LAST}`, { status: 400, reason: 'target' }),
  );

  it('is refused: a tunnel', () =>
    expectRefusal('CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n', {
      status: 405,
      reason: 'connect',
    }));
});

describe('a target that is a path', () => {
  it.each(['//evil.test/a', '/a//b', '/a\\b', '/a/%2e%2e/b', '/a/../b', '/a%2Fb', '/a;b', '/{}|^`'])(
    'is forwarded as its bytes came: %s',
    async (target) => {
      const stage = await stageBefore(ok('hello'));
      await exchange(stage.target, `GET ${target} HTTP/1.1${LAST}`);
      expect(stage.recorder.received[0]?.split(' ')[1]).toBe(target);
    },
  );
});
