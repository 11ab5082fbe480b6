/** The application sees exactly the requests that the client framed. */
import { describe, expect, it } from 'vitest';
import { ok, stageBefore, wsgiRoute } from '../proxy/stage.ts';
import { openConnection } from '../support/raw-http.ts';
import { LAST, statusesOf } from './refusal.ts';

describe('bytes behind a body', () => {
  it('are the next request', async () => {
    const stage = await stageBefore((socket, text) => {
      if (text.endsWith('abc') || text.endsWith('\r\n\r\n')) socket.write(ok('hello'));
    });
    const client = openConnection(stage.target);
    client.write(`POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1${LAST}`);
    expect(statusesOf(await client.closed)).toEqual([200, 200]);
    expect(stage.requests.map((request) => request.target)).toEqual(['/1', '/2']);
  });

  it('are nobody’s where the request was refused', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write(
      `POST /1 HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1${LAST}`,
    );
    expect(statusesOf(await client.closed)).toEqual([400]);
    expect(stage.requests).toEqual([]);
  });

  it('are refused once, however many of them are broken', async () => {
    let answer: () => void = () => undefined;
    const stage = await stageBefore((socket) => {
      answer = () => socket.write(ok('hello'));
    });
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\nNO REQUEST\r\n\r\n');
    await expect.poll(() => stage.recorder.received.length).toBe(1);
    await client.flush('NO REQUEST EITHER\r\n\r\n');
    answer();
    expect((await client.closed).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(stage.observations.map(({ status }) => status)).toEqual([200, 400]);
  });

  it('break the answer off that is under way, and are not answered in its middle', async () => {
    const stage = await stageBefore(
      (socket, text) =>
        void (text.includes('abc') && socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')),
      { route: wsgiRoute({}, { chunkedRequest: true }) },
    );
    const client = openConnection(stage.target);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await client.until('half');
    client.write('no chunk\r\n');
    expect(await client.closed).toMatch(/half$/);
  });

  it('are nobody’s where chunks are broken', async () => {
    const stage = await stageBefore(() => {}, { route: wsgiRoute({}, { chunkedRequest: true }) });
    const client = openConnection(stage.target);
    client.write(
      `POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcXXGET /2 HTTP/1.1${LAST}`,
    );
    expect(statusesOf(await client.closed)).toEqual([400]);
    expect(stage.requests.map((request) => request.target)).toEqual(['/1']);
    expect(stage.recorder.received.join('')).not.toContain('/2');
  });
});

describe('a body that looks like a request', () => {
  it('stays a body, framed by its length', async () => {
    const inner = 'GET /secret HTTP/1.1\r\nHost: a\r\n\r\n';
    const stage = await stageBefore((socket, text) => {
      if (text.split('\r\n\r\n').length > 2) socket.write(ok('hello'));
    });
    const client = openConnection(stage.target);
    client.write(`GET /1 HTTP/1.1\r\nContent-Length: ${inner.length}${LAST}${inner}`);
    expect(statusesOf(await client.closed)).toEqual([200]);
    expect(stage.requests.map((request) => request.target)).toEqual(['/1']);
    expect(stage.recorder.received[0]).toMatch(new RegExp(`^content-length: ${inner.length}\r$`, 'im'));
  });
});
