/** An upstream's answer on the wire: framing, truncation, backpressure, and heads that must not pass. */
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exchange, openConnection, openSocket, send } from '../support/raw-http.ts';
import { settled } from '../support/settled.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { answering, headersOf, ok, stageBefore, startRecorder, startStage } from './stage.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

describe('UpstreamAnswer', () => {
  it('keeps names, order and repeated fields of the application', async () => {
    const head =
      'HTTP/1.1 201 Made Up\r\nX-Mixed-CASE: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok';
    const stage = await stageBefore(head);
    const answer = await send(stage.target, '/');
    expect([answer.status, answer.reason]).toEqual([201, 'Made Up']);
    expect(answer.headers.slice(0, 4)).toEqual([
      ['X-Mixed-CASE', '1'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Content-Length', '2'],
    ]);
  });

  it.each([
    ['Group process', 4711],
    ['Upstream', 0],
  ])('tells of a failure whose it is: %s', async (who, pid) => {
    const folder = makeTemporaryFolder();
    const recorder = await startRecorder(folder.path, answering('HTTP/1.1 200 OK\r\nNo colon\r\n\r\n'));
    const stage = await startStage({ upstream: { ...recorder.upstream, pid } });
    onTestFinished(async () => {
      await stage.close();
      recorder.die();
      folder.remove();
    });
    expect((await send(stage.target, '/')).status).toBe(502);
    expect(stage.logged.map(({ message }) => message)).toEqual([`${who} did not answer`]);
  });

  it('ends hop-by-hop fields and ours here', async () => {
    const head = [
      'HTTP/1.1 200 OK',
      'Connection: keep-alive, X-Named',
      'Keep-Alive: timeout=1',
      'Proxy-Connection: a',
      'TE: a',
      'Trailer: a',
      'X-Named: a',
      'X-Sidecar-Secret: a',
      'X-Kept: a',
      'Content-Length: 0',
    ];
    const stage = await stageBefore(`${head.join('\r\n')}\r\n\r\n`);
    const answer = await send(stage.target, '/', { headers: { Connection: 'keep-alive' } });
    const names = answer.headers.map(([name]) => name.toLowerCase());
    expect(names).toEqual(expect.arrayContaining(['x-kept', 'content-length']));
    for (const name of ['proxy-connection', 'te', 'trailer', 'x-named', 'x-sidecar-secret']) {
      expect(names).not.toContain(name);
    }
  });

  it('does not let an upstream that closes its connection close the client’s', async () => {
    const stage = await stageBefore((socket, text) => {
      if (text.endsWith('\r\n\r\n'))
        socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
    });
    const client = openConnection(stage.target);
    client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await stage.observed(0);
    client.write('GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect((await client.closed).match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(stage.recorder.received).toHaveLength(2);
  });

  it.each([
    ['a control byte', 'HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok'],
    ['DEL', 'HTTP/1.1 200 O\x7fK\r\nContent-Length: 2\r\n\r\nok'],
  ])('survives %s in a reason phrase', async (_, head) => {
    const stage = await stageBefore(head);
    const answer = await exchange(stage.target, GET);
    expect(answer.reason).toMatch(/^[ -~]*$/);
    expect([200, 502]).toContain(answer.status);
    expect((await exchange(stage.target, GET)).status).toBe(answer.status);
  });

  it('passes a reason phrase of bytes above 127', async () => {
    const stage = await stageBefore('HTTP/1.1 200 D\xc3\xa9j\xc3\xa0\r\nContent-Length: 2\r\n\r\nok');
    expect((await exchange(stage.target, GET)).reason).toBe('D\xc3\xa9j\xc3\xa0');
  });

  it('survives a control byte in a header value', async () => {
    const stage = await stageBefore('HTTP/1.1 200 OK\r\nX-Bad: a\x01b\r\nContent-Length: 2\r\n\r\nok');
    const answer = await exchange(stage.target, GET);
    expect([answer.status, answer.reason]).toEqual([502, 'Bad Gateway']);
    expect(await stage.observed()).toMatchObject({ status: 502, reason: 'upstream_invalid' });
  });

  it.each([
    ['nonsense', 'SSH-2.0-hello\r\n', 'upstream_invalid'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-', 'upstream_truncated'],
    ['nothing', '', 'upstream_truncated'],
  ])('answers 502 for an upstream that says %s and ends', async (_, text, reason) => {
    const stage = await stageBefore((socket, request) => {
      if (request.endsWith('\r\n\r\n')) socket.end(text);
    });
    const answer = await exchange(stage.target, GET);
    expect(answer.status).toBe(502);
    expect(await stage.observed()).toMatchObject({ status: 502, reason });
    expect(new Set(stage.outcomes)).toEqual(new Set(['failed']));
  });

  it.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf', '1.1'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', '1.1'],
    [
      'chunks, to an HTTP/1.0 client',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
      '1.0',
    ],
    ['nothing but its end', 'HTTP/1.1 200 OK\r\n\r\nhalf', '1.1'],
  ])(
    'breaks the client’s connection when the upstream dies in a body framed by %s',
    async (_, text, version) => {
      const stage = await stageBefore((socket, request) => {
        if (request.endsWith('\r\n\r\n')) socket.write(text, () => socket.end());
      });
      const received = await outcomeOf(stage.target, `GET / HTTP/${version}\r\nHost: a\r\n\r\n`);
      expect(received.error).toBe('ECONNRESET');
      expect(received.text).not.toContain('\r\n0\r\n\r\n');
      expect(await stage.observed()).toMatchObject({ reason: 'upstream_truncated', aborted: false });
    },
  );

  it('answers 502, not a short body, when the whole of a small answer does not come', async () => {
    const stage = await stageBefore((socket, request) => {
      if (request.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n');
    });
    expect((await exchange(stage.target, GET)).status).toBe(502);
  });

  it('lets nothing behind an answer reach the next', async () => {
    const stage = await stageBefore(`${ok('one')}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
    const client = openConnection(stage.target);
    client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await stage.observed(0);
    client.write('GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await client.closed).not.toContain('evil');
  });

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 200],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', 204],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', 304],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 304],
    ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 200],
  ])('knows that %s with %j has no body', async (method, text, status) => {
    const stage = await stageBefore(text);
    const client = openConnection(stage.target);
    client.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.until('\r\n\r\n');
    expect(await stage.observed()).toMatchObject({ status, responseBytes: 0 });
    client.write('GET * HTTP/1.1\r\nHost: a\r\n\r\n');
    const rest = await client.closed;
    expect(rest).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(rest.split('\r\n\r\n')[1]).toMatch(/^HTTP\/1\.1 400 /);
    expect(stage.outcomes).toEqual(['answered']);
  });

  it('tells no length of a body that a 204 cannot have', async () => {
    const stage = await stageBefore('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n');
    expect((await send(stage.target, '/')).header('content-length')).toBeUndefined();
  });

  it('shows HEAD the length of the answer and keeps the upstream connection', async () => {
    const stage = await stageBefore('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
    expect((await send(stage.target, '/', { method: 'HEAD' })).header('content-length')).toBe('5');
    await send(stage.target, '/', { method: 'HEAD' });
    expect(stage.recorder.received).toHaveLength(1);
  });

  it('sends the head of a stream before its body', async () => {
    const sockets: { write(text: string): void }[] = [];
    const stage = await stageBefore((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      sockets.push(socket);
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
    });
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until('text/event-stream');
    sockets[0]?.write('5\r\nfirst\r\n');
    await client.until('first');
    client.end();
    expect(await stage.released()).toBe('abandoned');
  });

  it('reframes chunks for an HTTP/1.0 client as a body that the end of the connection ends', async () => {
    const stage = await stageBefore(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: a\r\n\r\n',
    );
    const answer = await send(stage.target, '/', { minorVersion: 0 });
    expect([answer.text(), answer.end, answer.header('transfer-encoding')]).toEqual([
      'abc',
      'close',
      undefined,
    ]);
  });

  it('passes chunks on without trailers', async () => {
    const stage = await stageBefore(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: a\r\n\r\n',
    );
    const client = openConnection(stage.target);
    client.write(GET);
    const text = await client.closed;
    expect(text).toMatch(/\r\n3\r\nabc\r\n0\r\n\r\n$/);
  });

  it('ignores interim answers that nobody asked for', async () => {
    const stage = await stageBefore(
      `HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${ok('hello')}`,
    );
    expect((await exchange(stage.target, GET)).text()).toBe('hello');
  });

  it.each([
    ['script-missing', 404, 'script_missing'],
    ['import-failed', 500, 'import_failed'],
    ['made-up', 500, 'app_error'],
  ])('puts a page of its own in the place of an answer by outcome %s', async (outcome, status, reason) => {
    const body = 'Traceback: secret detail';
    const head = `HTTP/1.1 ${status} X\r\nx-sidecar-outcome: ${outcome}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const stage = await stageBefore(head);
    const answer = await exchange(stage.target, GET);
    const observation = await stage.observed();
    expect(answer.status).toBe(status);
    expect(answer.text()).toContain(observation.requestId);
    expect(answer.text()).not.toContain('secret');
    expect(answer.header('x-sidecar-outcome')).toBeUndefined();
    expect(observation).toMatchObject({ status, reason, arm: 'sidecar' });
  });

  it('answers 504 when the upstream says nothing for too long', async () => {
    const stage = await stageBefore(() => {}, { responseTimeoutMs: 50 });
    expect((await exchange(stage.target, GET)).status).toBe(504);
    expect(await stage.observed()).toMatchObject({ status: 504, reason: 'upstream_timeout' });
  });

  it('waits for an upstream that may be silent for years', async () => {
    const answer = (socket: Socket): void => void setTimeout(() => socket.write(ok('late')), 100);
    const stage = await stageBefore(answer, { responseTimeoutMs: 3 * 365 * 86_400_000 });
    expect((await send(stage.target, '/')).text()).toBe('late');
  });

  it('ends the upstream’s work when the client leaves', async () => {
    let isEnded = false;
    const stage = await stageBefore((socket) => void socket.once('close', () => (isEnded = true)));
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => stage.recorder.received.length).toBe(1);
    client.end();
    expect(await stage.observed()).toMatchObject({ status: 499, aborted: true });
    expect(await stage.released()).toBe('abandoned');
    await expect.poll(() => isEnded).toBe(true);
  });

  it('reads the upstream no faster than the client reads', async () => {
    const block = 'x'.repeat(65_536);
    let sent = 0;
    const stage = await stageBefore((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n');
      const pump = (): void => {
        while (socket.write(block)) sent += block.length;
        sent += block.length;
        socket.once('drain', pump);
      };
      pump();
    });
    const client = openSocket(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await settled(() => sent);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    client.destroy();
    expect(await stage.released()).toBe('abandoned');
  });

  it('tries again on a new connection when none could be made', async () => {
    const first = await stageBefore(
      (socket, text) => void (text.includes('abc') && socket.write(ok('hello'))),
    );
    const dead = {
      pid: 1,
      socketPath: '/nonexistent.sock',
      threads: 1,
      closed: new AbortController().signal,
    };
    const outcomes: string[] = [];
    const release = (outcome: string): void => void outcomes.push(outcome);
    const leases = [dead, first.recorder.upstream].map(
      (upstream) => ({ kind: 'lease', upstream, queuedMs: 0, release }) as const,
    );
    const stage = await stageBefore(ok('unused'), { acquire: () => leases.shift() as (typeof leases)[0] });
    const answer = await send(stage.target, '/', { method: 'POST', body: 'abc' });
    expect(answer.status).toBe(200);
    expect(outcomes[0]).toBe('failed');
    expect(first.recorder.received[0]).toContain('abc');
    expect(headersOf(first.recorder.received[0] ?? '').get('content-length')).toBe('3');
  });

  it('answers 502 when no try reaches a process', async () => {
    const upstream = {
      pid: 1,
      socketPath: '/nonexistent.sock',
      threads: 1,
      closed: new AbortController().signal,
    };
    const acquire = () => ({ kind: 'lease', upstream, queuedMs: 0, release() {} }) as const;
    const stage = await stageBefore(ok('unused'), { acquire });
    expect((await exchange(stage.target, GET)).status).toBe(502);
    expect(await stage.observed()).toMatchObject({ reason: 'upstream_connect' });
  });
});

/** All that came, and the error that ended it. */
function outcomeOf(
  target: Parameters<typeof openSocket>[0],
  bytes: string,
): Promise<{ text: string; error?: string }> {
  return new Promise((resolve) => {
    const socket = openSocket(target);
    let text = '';
    let error: string | undefined;
    socket
      .on('data', (chunk) => (text += chunk.toString('latin1')))
      .on('error', (failure: NodeJS.ErrnoException) => (error = failure.code))
      .on('close', () => resolve(error === undefined ? { text } : { text, error }));
    socket.write(bytes);
  });
}
