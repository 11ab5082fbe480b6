import { describe, expect, it } from 'vitest';
import type { ClientResponse } from '../../src/http/client-response.ts';
import { InvalidHead } from '../../src/http/response-head.ts';
import { type Client, endOf, openClient, openStage, type Stage, type Turn } from './stage.ts';

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';
const LARGE = 200_000;

type Begun = { readonly stage: Stage; readonly client: Client; readonly turn: Turn };

/** A request whose answer is the test's to write. */
async function begin(request = GET): Promise<Begun> {
  const stage = await openStage();
  const client = openClient(stage);
  client.write(request);
  const turn = await stage.turn();
  turn.request.frame(undefined);
  return { stage, client, turn };
}

type Untaken = Pick<Begun, 'client'> & {
  readonly response: ClientResponse;
  readonly events: readonly string[];
};

/** An answer that has been written whole, and that its client does not take. */
async function writeUntaken(): Promise<Untaken> {
  const {
    client,
    turn: { response },
  } = await begin();
  const events = endOf(response);
  client.socket.pause();
  response.writeHead(200, 'OK', []);
  fill(response);
  response.end();
  return { client, response, events };
}

const closed = (response: ClientResponse): Promise<void> =>
  new Promise((resolve) => response.on('close', resolve));

const drained = (response: ClientResponse): Promise<void> =>
  new Promise((resolve) => response.once('drain', resolve));

/** The body of a chunked answer, read strictly: what is behind its last chunk is an error. */
function chunksOf(text: string): string {
  let at = text.indexOf('\r\n\r\n') + 4;
  let body = '';
  for (;;) {
    const [line, digits = ''] = /^([0-9a-f]+)\r\n/.exec(text.slice(at, at + 20)) ?? [];
    if (line === undefined)
      throw new Error(`No size at ${at}: ${JSON.stringify(text.slice(at - 20, at + 20))}`);
    const size = Number.parseInt(digits, 16);
    const end = at + line.length + size;
    body += text.slice(at + line.length, end);
    if (text.slice(end, end + 2) !== '\r\n') throw new Error(`A chunk has no end at ${end}`);
    at = end + 2;
    if (size > 0) continue;
    if (at !== text.length) throw new Error(`Something stands behind the last chunk at ${at}`);
    return body;
  }
}

/** What is not the same in each turn. */
const headOf = (text: string): string =>
  text.slice(0, text.indexOf('\r\n\r\n')).replace(/\r\nDate: [^\r]*/, '');

const bytesOf = (size: number, seed = 0): Buffer =>
  Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed) & 255));

/** Writes until the client takes no more, and neither does the system. */
function fill(response: ClientResponse): Buffer[] {
  const written: Buffer[] = [];
  while (response.writableLength < 2 * LARGE) {
    response.write(LARGE_BYTES);
    written.push(LARGE_BYTES);
  }
  return written;
}

const LARGE_BYTES = bytesOf(LARGE, 3);

describe('a chunked answer', () => {
  it.each([1, 100, 16_384, 16_385, LARGE])(
    'ends every chunk of %i bytes, however full the socket is',
    async (size) => {
      const { client, turn } = await begin();
      const { response } = turn;
      client.socket.pause();
      response.writeHead(200, 'OK', []);
      const written = fill(response);
      const more = bytesOf(size, 7);
      expect(response.write(more)).toBe(false);
      client.socket.resume();
      await drained(response);
      response.end(more);
      await client.until((text) => text.endsWith('0\r\n\r\n'));
      const body = Buffer.from(chunksOf(client.text()), 'latin1');
      expect(body.equals(Buffer.concat([...written, more, more]))).toBe(true);
    },
  );

  it.each([0, 1, 16_384, 16_385])(
    'is whole where its only piece of %i bytes comes with its end',
    async (size) => {
      const { client, turn } = await begin();
      turn.response.writeHead(200, 'OK', []);
      turn.response.end(bytesOf(size));
      await client.until((text) => text.endsWith('0\r\n\r\n'));
      expect(Buffer.from(chunksOf(client.text()), 'latin1').equals(bytesOf(size))).toBe(true);
    },
  );

  it('has no empty chunk before its last one', async () => {
    const { client, turn } = await begin();
    turn.response.writeHead(200, 'OK', []);
    turn.response.write(Buffer.alloc(0));
    turn.response.write(Buffer.from('a'));
    turn.response.write(Buffer.alloc(0));
    turn.response.end(Buffer.alloc(0));
    await client.until((text) => text.endsWith('0\r\n\r\n'));
    expect(client.text().split('\r\n\r\n').slice(1).join('|')).toBe('1\r\na\r\n0|');
  });
});

describe('an answer of a length', () => {
  it.each([0, 1, 16_384, 16_385, LARGE])(
    'is its head and its %i bytes, in one piece or in many',
    async (size) => {
      const { stage, client, turn } = await begin();
      const body = bytesOf(size);
      turn.response.writeHead(200, 'OK', ['Content-Length', String(size)]);
      turn.response.end(body);
      client.write(GET);
      const next = await stage.turn();
      next.request.frame(undefined);
      next.response.writeHead(200, 'OK', ['Content-Length', String(size)]);
      for (let at = 0; at < size; at += 10_007) next.response.write(body.subarray(at, at + 10_007));
      next.response.end();
      const head = `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\nConnection: keep-alive`;
      await client.until((text) => text.length >= 2 * (size + head.length + '\r\nDate: '.length + 33));
      const [, first = '', second = ''] = client.text().split('HTTP/1.1 200 OK\r\n');
      expect(headOf(`HTTP/1.1 200 OK\r\n${first}`)).toBe(head);
      expect(first.replace(/^Date.*\r\n/m, '')).toBe(second.replace(/^Date.*\r\n/m, ''));
      expect(Buffer.from(first.slice(first.indexOf('\r\n\r\n') + 4), 'latin1').equals(body)).toBe(true);
    },
  );

  it('leaves as its head alone where that is flushed', async () => {
    const { client, turn } = await begin();
    turn.response.writeHead(200, 'OK', ['Content-Length', '5']);
    turn.response.flushHead();
    await client.until((text) => text.endsWith('\r\n\r\n'));
    turn.response.end(Buffer.from('hello'));
    await client.until((text) => text.endsWith('\r\n\r\nhello'));
  });

  it('is written in order where its head is flushed in the same turn', async () => {
    const { client, turn } = await begin();
    turn.response.writeHead(200, 'OK', ['Content-Length', '20005']);
    turn.response.flushHead();
    turn.response.write(Buffer.from('hello'));
    turn.response.end(bytesOf(20_000));
    await client.until((text) => text.length >= 20_005 + text.indexOf('hello') - 5 && text.includes('hello'));
    expect(client.text().split('\r\n\r\n')[1]?.startsWith('hello')).toBe(true);
  });
});

describe('an answer without a body', () => {
  const HEAD = 'HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n';
  it.each([
    ['HEAD', HEAD, 200],
    ['204', GET, 204],
    ['304', GET, 304],
  ])('is its head whatever is written: %s', async (_, request, status) => {
    const { stage, client, turn } = await begin(request);
    const { response } = turn;
    response.writeHead(status, 'X', ['Content-Length', '5']);
    expect(response.write(Buffer.from('hello'))).toBe(true);
    expect(response.write(bytesOf(LARGE))).toBe(true);
    response.end(bytesOf(LARGE));
    client.write('GET /next HTTP/1.1\r\n\r\n');
    const next = await stage.turn();
    next.response.writeHead(500, 'Next', ['Content-Length', '0']);
    next.response.end();
    await client.until((text) => text.includes(' 500 Next'));
    expect(client.text().split('\r\n\r\n')[1]?.startsWith('HTTP/1.1 500 Next')).toBe(true);
    expect(response.isFinished).toBe(true);
  });
});

describe('the end of an answer', () => {
  it('is told once: finish, then close', async () => {
    const { client, turn } = await begin();
    const events = endOf(turn.response);
    turn.response.writeHead(200, 'OK', ['Content-Length', '0']);
    turn.response.end();
    turn.response.end();
    await client.until((text) => text.includes('\r\n\r\n'));
    client.socket.destroy();
    await new Promise((resolve) => turn.request.socket.once('close', resolve));
    expect(events).toEqual(['finish', 'close']);
  });

  it('is told once of an answer that waits for its client to take it', async () => {
    const { client, response, events } = await writeUntaken();
    expect(events).toEqual([]);
    const over = closed(response);
    client.socket.resume();
    await over;
    expect(response.writableLength).toBe(0);
    expect(events).toEqual(['finish', 'close']);
  });

  it('is close alone where the client resets the connection before it has taken all', async () => {
    const { client, response, events } = await writeUntaken();
    const over = closed(response);
    client.socket.resetAndDestroy();
    await over;
    expect(events).toEqual(['close']);
    expect(response.isFinished).toBe(false);
  });

  it('is close alone where the connection was ended before anything was written', async () => {
    const { turn } = await begin();
    const { response } = turn;
    const events = endOf(response);
    const over = closed(response);
    turn.request.socket.destroy();
    response.writeHead(200, 'OK', ['Content-Length', '5']);
    response.end(Buffer.from('hello'));
    await over;
    expect(events).toEqual(['close']);
    expect(response.isFinished).toBe(false);
  });

  it('is close alone where the client had ended its side', async () => {
    const { client, turn } = await begin();
    const { response, request } = turn;
    const events = endOf(response);
    const over = closed(response);
    const hasEnded = new Promise((resolve) => request.socket.once('end', resolve));
    client.socket.end();
    await hasEnded;
    response.writeHead(200, 'OK', ['Content-Length', '5']);
    response.end(Buffer.from('hello'));
    await over;
    expect(events).toEqual(['close']);
    expect(response.isFinished).toBe(false);
  });

  it('is close alone where it never began', async () => {
    const { client, turn } = await begin();
    const events = endOf(turn.response);
    const over = closed(turn.response);
    client.socket.destroy();
    await over;
    expect(events).toEqual(['close']);
  });

  it('is that of the connection where only that ends it', async () => {
    const { client, turn } = await begin('GET /x HTTP/1.0\r\n\r\n');
    const events = endOf(turn.response);
    turn.response.writeHead(200, 'OK', []);
    turn.response.write(Buffer.from('hello'));
    turn.response.end();
    expect(await client.ended).toBe('end');
    expect(client.text().endsWith('\r\nConnection: close\r\n\r\nhello')).toBe(true);
    expect(events).toEqual(['finish', 'close']);
  });
});

describe('before its head', () => {
  it('an answer tells a client that waits to go on', async () => {
    const { client, turn } = await begin();
    turn.response.writeContinue();
    await client.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n');
    expect(turn.response.headersSent).toBe(false);
    turn.response.writeHead(204, 'None', []);
    turn.response.end();
    await client.until((text) => text.includes('HTTP/1.1 204 None\r\n'));
  });

  it('an answer whose head is refused can be another one', async () => {
    const { client, turn } = await begin();
    expect(() => turn.response.writeHead(200, 'OK', ['X', 'a\r\nSet-Cookie: b'])).toThrow(InvalidHead);
    expect(turn.response.headersSent).toBe(false);
    turn.response.writeHead(502, 'Bad', ['Content-Length', '0']);
    turn.response.end();
    await client.until((text) => text.endsWith('\r\n\r\n'));
    expect(client.text().startsWith('HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n')).toBe(true);
    expect(client.text()).not.toContain('Set-Cookie');
  });
});
