/** Requests as they come over the socket: heads, bodies, one after the other, and those that are none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSocket } from '../support/raw-http.ts';
import { describeEachPython } from './each-python.ts';
import { fixture, startWorker, type Worker, type WorkerRequest } from './worker.ts';

const LINES = 'one\ntwo\n\nlast line';

const READERS: readonly (readonly [query: string, expected: string])[] = [
  ['all', LINES],
  ['negative', LINES],
  ['sevens', LINES],
  ['big', LINES],
  ['lines', 'one|two||last line|'],
  ['shortlines', 'one|\n|two|\n|\n|las|t l|ine|'],
  ['readlines', '1 3'],
  ['three', 'one'],
];

/** The text as chunks of sizes that cut lines and each other. */
function chunked(text: string, size = 5): string {
  const parts = text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
  return `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;
}

function uploaded(body: string, headers: Record<string, string> = {}): WorkerRequest {
  return { method: 'POST', headers, body };
}

/** Whatever comes on a connection until it ends; `write` is called with the socket once it is open. */
function converse(worker: Worker, bytes: string, isOver: (received: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    const socket = openSocket({ socketPath: worker.socketPath });
    let received = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (isOver(received)) socket.destroy();
    });
    socket.once('close', () => resolve(received));
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

describeEachPython('a request', (python) => {
  let worker: Worker;
  beforeAll(async () => {
    worker = await startWorker(python);
  });
  afterAll(() => worker.stop());

  const environOf = async (path: string, options: WorkerRequest = {}): Promise<Record<string, unknown>> =>
    JSON.parse((await worker.request(fixture('echo_environ'), path, options)).text());

  describe('with headers', () => {
    it('becomes HTTP_ entries, merged as Apache merges them', async () => {
      const environ = await environOf('/x', {
        headers: {
          'X-One': ' a\tb ',
          'X-TWO': '1',
          'x-two': '2',
          'Content-Type': 'text/x',
          'User-Agent': '\xe9',
        },
      });
      expect(environ).toMatchObject({
        HTTP_X_ONE: 'a\tb',
        HTTP_X_TWO: '1, 2',
        CONTENT_TYPE: 'text/x',
        HTTP_USER_AGENT: '\xe9',
        REQUEST_METHOD: 'GET',
        SERVER_PROTOCOL: 'HTTP/1.1',
      });
      expect(environ).not.toHaveProperty('HTTP_CONTENT_TYPE');
      expect(environ).not.toHaveProperty('CONTENT_LENGTH');
    });

    it('keeps names that Apache drops, and our own, from the application', async () => {
      const environ = await environOf('/x', { headers: { Proxy: 'evil', X_User: 'evil', 'X.User': 'evil' } });
      const evil = Object.entries(environ).filter(([, value]) => value === 'evil');
      expect(evil).toEqual([]);
      expect(Object.keys(environ).filter((name) => /SIDECAR|CONNECTION|^$/.test(name))).toEqual([]);
    });
  });

  describe('with a body', () => {
    it.each(READERS)('is read by its length: %s', async (query, expected) => {
      const answer = await worker.request(fixture('echo_body'), `/?${query}`, uploaded(LINES));
      expect(answer.text()).toBe(expected);
    });

    it.each(READERS)('is read in chunks: %s', async (query, expected) => {
      const options = uploaded(chunked(LINES), { 'Transfer-Encoding': 'chunked' });
      const answer = await worker.request(fixture('echo_body'), `/?${query}`, options);
      expect(answer.text()).toBe(expected);
    });

    it.each([
      ['by its length', uploaded('x'.repeat(500_000))],
      ['in chunks', uploaded(chunked('x'.repeat(500_000), 5000), { 'Transfer-Encoding': 'chunked' })],
    ])('is followed by the next request when the application left it unread: %s', async (_how, options) => {
      const first = worker.head(fixture('echo_body'), '/?nothing', {
        ...options,
        headers: {
          ...options.headers,
          ...(options.headers?.['Transfer-Encoding'] ? {} : { 'Content-Length': '500000' }),
        },
      });
      const second = worker.head(fixture('hello'), '/', { headers: { Connection: 'close' } });
      const received = await converse(worker, `${first}${options.body}${second}`, () => false);
      expect([count(received, 'HTTP/1.1 200 OK'), received.endsWith('Hello World\n')]).toEqual([2, true]);
    });

    it('ends the connection when more is left unread than is worth reading', async () => {
      const head = worker.head(fixture('echo_body'), '/?nothing', {
        method: 'POST',
        headers: { 'Content-Length': '100000000' },
      });
      const received = await converse(worker, head, () => false);
      expect(count(received, 'HTTP/1.1 200 OK')).toBe(1);
    });

    it('asks for it with 102, once, at the first read, when the client waits to be asked', async () => {
      const head = worker.head(fixture('echo_body'), '/?sevens', {
        method: 'POST',
        headers: { 'Content-Length': '18', 'x-sidecar-expect': '100-continue' },
      });
      const received = await new Promise<string>((resolve) => {
        const socket = openSocket({ socketPath: worker.socketPath });
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
          if (text === 'HTTP/1.1 102 Processing\r\n\r\n') socket.write('0123456789abcdefgh');
          if (text.endsWith('gh')) socket.destroy();
        });
        socket.once('close', () => resolve(text));
        socket.write(head);
      });
      expect(count(received, '102 Processing')).toBe(1);
      expect(received.endsWith('0123456789abcdefgh')).toBe(true);
    });

    it('does not ask for it when the application answers without reading', async () => {
      const head = worker.head(fixture('echo_body'), '/?nothing', {
        method: 'POST',
        headers: { 'Content-Length': '18', 'x-sidecar-expect': '100-continue' },
      });
      const received = await converse(worker, head, () => false);
      expect([count(received, '102'), count(received, 'Connection: close')]).toEqual([0, 1]);
    });

    it('raises an error in the application when its client leaves before the end', async () => {
      const head = worker.head(fixture('echo_body'), '/?all', {
        method: 'POST',
        headers: { 'Content-Length': '18' },
      });
      const socket = openSocket({ socketPath: worker.socketPath });
      socket.end(`${head}half`);
      await new Promise((resolve) => socket.once('close', resolve).resume());
      expect((await worker.request(fixture('hello'))).status).toBe(200);
    });
  });

  describe('on a connection that stays', () => {
    it('is answered after the one before it', async () => {
      const one = worker.head(fixture('hello'));
      const last = worker.head(fixture('streams'), '/', { headers: { Connection: 'close' } });
      const received = await converse(worker, `${one}${one}${last}`, () => false);
      expect(received.match(/HTTP\/1\.1 200 OK|Hello World\n|0\r\n\r\n$/g)).toEqual([
        'HTTP/1.1 200 OK',
        'Hello World\n',
        'HTTP/1.1 200 OK',
        'Hello World\n',
        'HTTP/1.1 200 OK',
        '0\r\n\r\n',
      ]);
    });

    it('waits for the rest of its head without keeping others from being served', async () => {
      const head = worker.head(fixture('hello'), '/', { headers: { Connection: 'close' } });
      const received = await new Promise<string>((resolve) => {
        const socket = openSocket({ socketPath: worker.socketPath });
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
        });
        socket.once('close', () => resolve(text));
        socket.write(head.slice(0, 40), () => {
          void worker.request(fixture('hello')).then(() => socket.write(head.slice(40)));
        });
      });
      expect(count(received, '200 OK')).toBe(1);
    });
  });

  it.each([
    ['a request line of one word', 'GET\r\n\r\n', '400 Bad Request'],
    ['another protocol', 'GET / HTTP/2.0\r\n\r\n', '505 HTTP Version Not Supported'],
    ['a header without colon', 'GET / HTTP/1.1\r\nhost\r\n\r\n', '400 Bad Request'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nhost : x\r\n\r\n', '400 Bad Request'],
    ['a folded header', 'GET / HTTP/1.1\r\nx-one: 1\r\n two\r\n\r\n', '400 Bad Request'],
    ['a bare line feed', 'GET / HTTP/1.1\r\nx-one: 1\nx-two: 2\r\n\r\n', '400 Bad Request'],
    ['two lengths', 'GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n', '400 Bad Request'],
    ['a length that is no number', 'GET / HTTP/1.1\r\ncontent-length: +1\r\n\r\n', '400 Bad Request'],
    [
      'a length beside chunks',
      'GET / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      '400 Bad Request',
    ],
    ['another coding', 'GET / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n', '501 Not Implemented'],
    [
      'a head without end',
      `GET / HTTP/1.1\r\nx: ${'x'.repeat(5_000_000)}`,
      '431 Request Header Fields Too Large',
    ],
  ])('is refused, and the connection ended: %s', async (_what, bytes, status) => {
    const received = await converse(worker, bytes, () => false);
    expect(received.startsWith(`HTTP/1.1 ${status}\r\n`)).toBe(true);
    expect(received).toContain('x-sidecar-outcome: bad-request\r\n');
  });

  it.each([
    ['a size that is no number', 'x\r\none\r\n0\r\n\r\n'],
    ['a negative size', '-3\r\none\r\n0\r\n\r\n'],
    ['a chunk longer than its size', '2\r\none\r\n0\r\n\r\n'],
    ['a line that ends in a bare line feed', '3\none\r\n0\r\n\r\n'],
    ['no size', '\r\none\r\n0\r\n\r\n'],
  ])('ends in an error in the application when its chunks are broken: %s', async (_what, body) => {
    const head = worker.head(fixture('echo_body'), '/?all', {
      method: 'POST',
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    const smuggled = worker.head(fixture('hello'));
    const received = await converse(worker, `${head}${body}${smuggled}`, () => false);
    expect(count(received, 'HTTP/1.1')).toBeLessThan(2);
    expect(received).not.toContain('Hello');
  });
});
