/** What an application says cannot become a head of its own, nor end the sidecar. */
import { describe, expect, it } from 'vitest';
import { ok, stageBefore } from '../proxy/stage.ts';
import { exchange } from '../support/raw-http.ts';
import { LAST } from './refusal.ts';

describe('an answer of a broken application', () => {
  it.each([
    ['a control byte in the reason phrase', 'HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nhi', 200],
    ['a control byte in a value', 'HTTP/1.1 200 OK\r\nX-A: b\x01c\r\nContent-Length: 2\r\n\r\nhi', 502],
    ['a carriage return in a value', 'HTTP/1.1 200 OK\r\nX-A: b\rc\r\nContent-Length: 2\r\n\r\nhi', 502],
    ['a space in a name', 'HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 2\r\n\r\nhi', 502],
    ['no colon', 'HTTP/1.1 200 OK\r\nX-A\r\nContent-Length: 2\r\n\r\nhi', 502],
    [
      'both framings',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      502,
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi', 502],
    ['Trailer', 'HTTP/1.1 200 OK\r\nTrailer: X-A\r\nContent-Length: 2\r\n\r\nhi', 200],
  ])('is a %s: the client gets one whole answer, and the next request too', async (_, bytes, status) => {
    let answer = bytes;
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('\r\n\r\n') && socket.write(answer, 'latin1')),
    );
    const first = await exchange(stage.target, `GET / HTTP/1.1${LAST}`);
    expect(first.status).toBe(status);
    expect(first.reason).not.toContain('\x01');
    answer = ok('hello');
    expect((await exchange(stage.target, `GET / HTTP/1.1${LAST}`)).text()).toBe('hello');
  });
});
