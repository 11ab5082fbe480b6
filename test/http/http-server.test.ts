import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  answerWith,
  type Client,
  echo,
  echoLast,
  endOf,
  frame,
  openClient,
  openStage,
  REFUSAL,
  type Stage,
  type Turn,
  turns,
} from './stage.ts';

const GET = 'GET /a HTTP/1.1\r\n\r\n';
const answered = (client: Client): Promise<void> => client.until((text) => text.endsWith('/a'));

describe('HttpServer', () => {
  it('tells of a connection before anything is read of it, and knows it until it ends', async () => {
    const stage = await openStage(echo);
    const client = openClient(stage);
    client.write(GET);
    await answered(client);
    expect([...stage.server.connections]).toEqual(stage.connections);
    const closed = new Promise((resolve) => stage.connections[0]?.socket.once('close', resolve));
    client.socket.end();
    await closed;
    expect(stage.server.connections.size).toBe(0);
  });

  it('stops accepting, and says when its last connection has ended', async () => {
    const stage = await openStage(undefined);
    const client = openClient(stage);
    client.write(GET);
    const turn = await stage.turn();
    let isOver = false;
    const stopped = stage.server.stopAccepting().then(() => {
      isOver = true;
    });
    const late = openClient(stage);
    expect(await late.ended).toBe('reset');
    await turns();
    expect(isOver).toBe(false);
    echoLast(turn);
    await answered(client);
    client.socket.end();
    await stopped;
  });

  it('has stopped at once where nobody is connected', async () => {
    const stage = await openStage(echo);
    await stage.server.stopAccepting();
  });

  it('ends idle connections alone when it is told to', async () => {
    const stage = await openStage();
    const idle = openClient(stage);
    idle.write(GET);
    echo(await stage.turn());
    await answered(idle);
    const busy = openClient(stage);
    busy.write(GET);
    const turn = await stage.turn();
    const half = openClient(stage);
    half.write(GET.slice(0, -2));
    await turns();
    stage.server.closeIdle();
    await idle.ended;
    echo(turn);
    await answered(busy);
    half.write('\r\n');
    echo(await stage.turn());
    await answered(half);
  });
});

describe('closeIdle()', () => {
  it('ends a connection whose body is for nobody, in its own time, and so that the answer is read', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    client.write('POST /a HTTP/1.1\r\nContent-Length: 100000\r\n\r\nabc');
    const turn = await stage.turn();
    turn.request.frame({ kind: 'length', length: 100_000 });
    echo(turn);
    await answered(client);
    stage.server.closeIdle();
    expect(await client.ended).toBe('end');
    client.socket.end();
  });
});

describe('the end of a client', () => {
  it.each(['end', 'reset'] as const)(
    'in the middle of its body is the end of that, without being whole: %s',
    async (way) => {
      const stage = await openStage();
      const client = openClient(stage);
      client.write('POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc');
      const { request, response } = await stage.turn();
      request.frame({ kind: 'length', length: 10 });
      const events: string[] = [];
      const closed = Promise.all([
        once(request.body as NodeJS.EventEmitter, 'close'),
        once(response, 'close'),
      ]);
      request.body
        ?.on('end', () => events.push('end'))
        .on('data', (piece: Buffer) => events.push(piece.toString()));
      await once(request.body as NodeJS.EventEmitter, 'data');
      if (way === 'end') client.socket.end();
      else client.socket.resetAndDestroy();
      await closed;
      expect(events).toEqual(['abc']);
      expect(request.complete).toBe(false);
      expect(response.isFinished).toBe(false);
    },
  );

  it('of its side in the middle of an answer resets it, so that no part can be taken for the whole', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    client.write('GET /a HTTP/1.0\r\n\r\n');
    const { request, response } = await stage.turn();
    request.frame(undefined);
    response.writeHead(200, 'OK', []);
    response.write(Buffer.from('part'));
    await client.until((text) => text.endsWith('part'));
    client.socket.end();
    expect(await client.ended).toBe('reset');
    expect(response.isFinished).toBe(false);
  });

  it('of its side behind the end of an answer loses nothing of that', async () => {
    const body = Buffer.alloc(8_000_000, 'x');
    const stage = await openStage(answerWith(body));
    const client = openClient(stage);
    client.write(GET);
    client.socket.end();
    expect(await client.ended).toBe('end');
    expect(client.text().length - client.text().indexOf('\r\n\r\n') - 4).toBe(body.length);
  });

  it.each(['end', 'reset'] as const)('between requests is the end of the connection: %s', async (way) => {
    const stage = await openStage(echo);
    const client = openClient(stage);
    client.write(GET);
    await answered(client);
    const closed = new Promise((resolve) => stage.connections[0]?.socket.once('close', resolve));
    if (way === 'end') client.socket.end();
    else client.socket.resetAndDestroy();
    await closed;
    expect(stage.told).toEqual(['request /a']);
  });
});

describe('a refusal', () => {
  it.each([
    ['for its end', false],
    ['for nothing', true],
  ])('of a connection that has sent nothing waits %s', async (_, atOnce) => {
    const stage = await openStage(echo);
    const client = openClient(stage);
    await once(client.socket, 'connect');
    await turns();
    const [connection] = stage.connections;
    const closed = new Promise((resolve) => connection?.socket.once('close', resolve));
    connection?.refuse(REFUSAL, atOnce);
    connection?.refuse(REFUSAL, atOnce);
    expect(await client.ended).toBe('end');
    expect(client.text()).toBe(REFUSAL);
    if (!atOnce) {
      client.write(GET);
      await turns();
      expect(connection?.socket.destroyed).toBe(false);
      client.socket.end();
    }
    await closed;
    expect(stage.told).toEqual([]);
  });

  it('takes the place of the answer to a request that was under way', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    client.write(GET);
    const turn = await stage.turn();
    const events = endOf(turn.response);
    stage.connections[0]?.refuse(REFUSAL, false);
    expect(events).toEqual(['close']);
    echo(turn);
    expect(await client.ended).toBe('end');
    expect(client.text()).toBe(REFUSAL);
    expect(events).toEqual(['close']);
  });
});

describe('the silence of a client', () => {
  const silence = async (bytes: string): Promise<{ stage: Stage; client: Client; turn: Turn }> => {
    const stage = await openStage();
    const client = openClient(stage);
    client.write(bytes);
    const turn = await stage.turn();
    frame(turn.request);
    return { stage, client, turn };
  };

  it('is told to who reads its body, and to who writes its answer', async () => {
    const { turn } = await silence('POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc');
    const { request, response } = turn;
    const told = Promise.all([
      once(request.body as NodeJS.EventEmitter, 'timeout'),
      once(response, 'timeout'),
    ]);
    request.socket.setTimeout(10);
    await told;
    expect(request.socket.destroyed).toBe(false);
  });

  it('ends the connection where nobody wants to know', async () => {
    const { client, turn } = await silence(GET);
    turn.request.socket.setTimeout(10);
    await client.ended;
    expect(client.text()).toBe('');
  });

  it('is nothing once the answer has left', async () => {
    const { client, turn } = await silence(GET);
    turn.request.socket.setTimeout(60_000);
    turn.response.writeHead(200, 'OK', ['Content-Length', '0']);
    turn.response.end();
    await client.until((text) => text.endsWith('\r\n\r\n'));
    expect(turn.request.socket.timeout).toBe(0);
  });
});
