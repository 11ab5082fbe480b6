/** The requests of one connection, one after the other: what is read as a request, and what is not. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { echo, echoLast, frame, openClient, openStage, REFUSAL, type Turn, turns } from './stage.ts';

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (target: string, body: string): string =>
  `POST ${target} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (target: string, wire: string): string =>
  `POST ${target} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${wire}`;

/** Answers with all of the body. */
async function answerBody({ request, response }: Turn): Promise<void> {
  frame(request);
  let text = '';
  for await (const piece of request.body ?? []) text += (piece as Buffer).toString('latin1');
  const bytes = Buffer.from(`<${request.target} ${text}>`);
  response.writeHead(200, 'OK', ['Content-Length', String(bytes.length)]);
  response.end(bytes);
}

const bodiesOf = (text: string): string[] => text.match(/<[^>]*>/g) ?? [];
const statusesOf = (text: string): string[] =>
  text.match(/HTTP\/1\.1 \d+/g)?.map((line) => line.slice(9)) ?? [];

describe('requests of one connection', () => {
  const WIRE = [
    get('/a'),
    post('/b', 'GET / HTTP/1.1\r\n\r\n'),
    chunked('/c', '3\r\nabc\r\n4;x\r\n\r\n\r\n\r\n0\r\nX: y\r\n\r\n'),
    '\r\n',
    post('/d', 'x'.repeat(40_000)),
    get('/e'),
    get('/f'),
  ].join('');
  const BODIES = [
    '</a >',
    '</b GET / HTTP/1.1\r\n\r\n>',
    '</c abc\r\n\r\n>',
    `</d ${'x'.repeat(40_000)}>`,
    '</e >',
    '</f >',
  ];

  it.each([
    ['in one piece', WIRE.length],
    ['in pieces of 7 bytes', 7],
    ['in pieces of 1,000 bytes', 1_000],
  ])('are answered in turn where they come %s', async (_, size) => {
    const stage = await openStage((turn) => void answerBody(turn));
    const client = openClient(stage);
    for (let at = 0; at < WIRE.length; at += size) {
      client.write(WIRE.slice(at, at + size));
      if (size < 100 && at % 700 === 0) await turns(1);
    }
    await client.until((text) => text.endsWith('</f >'));
    expect(bodiesOf(client.text())).toEqual(BODIES);
    expect(stage.told.filter((line) => line.startsWith('request'))).toHaveLength(6);
  });

  it('are not begun before the answer to the one before has left', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    client.write(get('/a') + get('/b'));
    const first = await stage.turn();
    first.request.frame(undefined);
    first.response.writeHead(200, 'OK', []);
    first.response.write(Buffer.from('part'));
    await client.until((text) => text.includes('part'));
    await turns();
    expect(stage.told).toEqual(['request /a']);
    first.response.end();
    expect((await stage.turn()).request.target).toBe('/b');
  });

  it('take a body that nobody has framed before, and the bytes that wait for it', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    client.write(post('/a', 'hello') + get('/b'));
    const turn = await stage.turn();
    await turns();
    expect(turn.request.complete).toBe(false);
    void answerBody(turn);
    await client.until((text) => text.endsWith('</a hello>'));
    void answerBody(await stage.turn());
    await client.until((text) => text.endsWith('</b >'));
  });

  it('go on behind a body that nobody has read', async () => {
    const stage = await openStage(echo);
    const client = openClient(stage);
    client.write(post('/a', 'x'.repeat(200_000)) + chunked('/b', '30d40\r\n') + 'y'.repeat(200_000));
    await stage.until('request /b');
    client.write(`\r\n0\r\n\r\n${get('/c')}`);
    await client.until((text) => text.endsWith('/c'));
    expect(statusesOf(client.text())).toEqual(['200', '200', '200']);
  });

  it('end behind one whose framing nobody has said', async () => {
    const stage = await openStage(({ response }) => {
      response.writeHead(200, 'OK', ['Content-Length', '1']);
      response.end(Buffer.from('a'));
    });
    const client = openClient(stage);
    client.write(get('/a') + get('/b'));
    expect(await client.ended).toBe('end');
    client.write(get('/c'));
    client.socket.end();
    await once(client.socket, 'close');
    expect(stage.told).toEqual(['request /a']);
    expect(statusesOf(client.text())).toEqual(['200']);
  });

  it('end behind a last answer', async () => {
    const stage = await openStage(echoLast);
    const client = openClient(stage);
    client.write(get('/a') + get('/b'));
    expect(await client.ended).toBe('end');
    client.write(get('/c'));
    await turns();
    expect(stage.told).toEqual(['request /a']);
  });

  it('end with the refusal of bytes that are none, and nothing behind them is read', async () => {
    const stage = await openStage(echo);
    const client = openClient(stage);
    client.write(`${get('/a')}(NONE) / HTTP/1.1\r\n\r\n${get('/b')}`);
    expect(await client.ended).toBe('end');
    client.write(get('/c'));
    await turns();
    expect(stage.told).toEqual(['request /a', 'refused line']);
    expect(client.text().endsWith(`/a${REFUSAL}`)).toBe(true);
  });
});

describe('a body whose chunks are none', () => {
  const BEGUN = chunked('/a', '5\r\nhello\r\n');
  /** What would be right, had the fault not been. */
  const BEHIND = `5\r\nworld\r\n0\r\n\r\n${get('/b')}`;

  it.each([
    ['in one piece', [`${BEGUN}g\r\n${BEHIND}`]],
    ['and what is right behind them', [BEGUN, 'g\r\n', BEHIND]],
    ['by their line end', [BEGUN, '5\n', BEHIND]],
  ])('ends for its reader without being whole, and is told once: %s', async (_, pieces) => {
    const stage = await openStage();
    const client = openClient(stage);
    client.write(pieces[0] ?? '');
    const { request, response } = await stage.turn();
    frame(request);
    let read = '';
    request.body?.on('data', (piece: Buffer) => (read += piece.toString())).on('end', () => (read += '.'));
    for (const piece of pieces.slice(1)) {
      client.write(piece);
      await turns();
    }
    await stage.until('brokenBody chunk');
    await turns();
    expect(request.complete).toBe(false);
    response.writeHead(400, 'Broken', ['Content-Length', '0']);
    response.end();
    expect(await client.ended).toBe('end');
    expect(read).toBe('hello');
    expect(statusesOf(client.text())).toEqual(['400']);
    expect(stage.told.filter((line) => line !== 'held' && line !== 'read on')).toEqual([
      'request /a',
      'brokenBody chunk',
    ]);
  });

  it('is told once the answer has begun, and ends the connection with that answer', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    client.write(BEGUN);
    const { request, response } = await stage.turn();
    frame(request);
    request.body?.resume();
    response.writeHead(200, 'OK', ['Content-Length', '4']);
    response.write(Buffer.from('ab'));
    await client.until((text) => text.endsWith('ab'));
    client.write(`g\r\n${BEHIND}`);
    await stage.until('brokenBody chunk');
    response.end(Buffer.from('cd'));
    expect(await client.ended).toBe('end');
    expect(client.text().endsWith('\r\n\r\nabcd')).toBe(true);
    expect(stage.told).toEqual(['request /a', 'brokenBody chunk']);
  });

  it('ends the connection without another answer where its own has left', async () => {
    const stage = await openStage(echo);
    const client = openClient(stage);
    client.write(BEGUN);
    await client.until((text) => text.endsWith('/a'));
    client.write(`g\r\n${BEHIND}`);
    expect(await client.ended).toBe('end');
    expect(statusesOf(client.text())).toEqual(['200']);
    expect(stage.told).toEqual(['request /a']);
  });
});

describe('a connection that is given away', () => {
  it('gives every byte that came behind the head, in order', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    client.write(`${get('/a')}one`);
    const { request, response } = await stage.turn();
    request.frame(undefined);
    client.write(' two');
    await turns();
    let taken = '';
    const pieces: Buffer[] = [];
    let three: () => void;
    const gotThree = new Promise<void>((resolve) => (three = resolve));
    request.giveAway((bytes) => {
      pieces.push(bytes);
      taken += bytes.toString();
      if (taken.endsWith('three')) three();
    });
    client.write(' three');
    await gotThree;
    // What was given is not written over by the reads of others.
    const other = openClient(stage);
    other.write(get('/other').padEnd(1_000, 'x'));
    await stage.turn();
    expect(Buffer.concat(pieces).toString()).toBe('one two three');
    request.socket.write('answer');
    await client.until((text) => text === 'answer');
    const closed = once(response, 'close');
    client.socket.resetAndDestroy();
    await closed;
    expect(stage.told).toEqual(['request /a', 'request /other']);
  });

  it('is read on where it was held', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    const bytes = 'x'.repeat(500_000);
    client.write(get('/a') + bytes);
    const { request } = await stage.turn();
    request.frame(undefined);
    await stage.until('held');
    let size = 0;
    await new Promise<void>((resolve) => {
      request.giveAway((piece) => {
        size += piece.length;
        if (size === bytes.length) resolve();
      });
    });
    expect(stage.told).toEqual(['request /a', 'held', 'read on']);
  });
});
