import { describe, expect, it } from 'vitest';
import { echo, openClient, openStage, type Stage, type Turn, turns } from './stage.ts';

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';
/** More than the system takes of an answer whose client reads nothing. */
const LONG = 16 * 1024 * 1024;

/** Answers as `echo`, and keeps what each response tells. */
function echoing(): { readonly events: string[]; answer(turn: Turn): void } {
  const events: string[] = [];
  return {
    events,
    answer(turn) {
      turn.response.on('finish', () => events.push('finish')).on('close', () => events.push('close'));
      echo(turn);
    },
  };
}

const untaken = ({ told }: Stage): string[] => told.filter((line) => line.startsWith('untaken'));

describe('a small whole answer', () => {
  it('leaves when all that has come in this turn of the event loop has been read', async () => {
    const stage = await openStage();
    const clients = [openClient(stage), openClient(stage)];
    for (const client of clients) client.write(GET);
    const both = [await stage.turn(), await stage.turn()];
    const finished: unknown[] = [];
    const inTheTurn = new Promise<void>((resolve) =>
      setImmediate(() => {
        for (const turn of both) {
          turn.response.on('finish', () => finished.push(turn));
          echo(turn);
        }
        process.nextTick(() => queueMicrotask(resolve));
      }),
    );
    await inTheTurn;
    expect(both.map(({ request }) => request.socket.writableLength > 0)).toEqual([true, true]);
    expect(finished).toEqual([]);
    await Promise.all(clients.map((client) => client.until((text) => text.endsWith('\r\n\r\n/x'))));
    expect(finished).toEqual(both);
  });

  it('is whole, and told as such, where its client is seen to end its side in the same turn', async () => {
    const { events, answer } = echoing();
    const stage = await openStage();
    const client = openClient(stage);
    client.socket.end(GET);
    const turn = await stage.turn();
    turn.request.socket.prependOnceListener('end', () => answer(turn));
    expect(await client.ended).toBe('end');
    expect(client.text().endsWith('\r\n\r\n/x')).toBe(true);
    expect(events).toEqual(['finish', 'close']);
  });

  it('is whole where the server stops in the same turn', async () => {
    const { events, answer } = echoing();
    const stage = await openStage((turn) => {
      answer(turn);
      void stage.server.stopAccepting();
      stage.server.closeIdle();
    });
    const client = openClient(stage);
    client.write(GET);
    await client.until((text) => text.endsWith('\r\n\r\n/x'));
    expect(events).toEqual(['finish', 'close']);
  });

  it('is close alone where its connection is broken off in the same turn', async () => {
    const { events, answer } = echoing();
    const stage = await openStage((turn) => {
      answer(turn);
      stage.connections[0]?.breakOff();
    });
    const client = openClient(stage);
    client.write(GET);
    expect(await client.ended).toBe('reset');
    await turns();
    expect(client.text()).toBe('');
    expect(events).toEqual(['close']);
  });

  it('lets no request behind it be read before it has left', async () => {
    const { events, answer } = echoing();
    const seen: string[] = [];
    const stage = await openStage((turn) => {
      seen.push(`${turn.request.target} ${events.length}`);
      answer(turn);
    });
    const client = openClient(stage);
    client.write('GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n');
    await client.until((text) => text.endsWith('\r\n\r\n/c'));
    expect(seen).toEqual(['/a 0', '/b 2', '/c 4']);
  });
});

describe('an answer that its client does not take at once', () => {
  it('is told as untaken, once, when all of it has been written', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    client.socket.pause();
    client.write(GET);
    const { request, response } = await stage.turn();
    request.frame(undefined);
    response.writeHead(200, 'OK', ['Content-Length', String(LONG)]);
    response.write(Buffer.alloc(LONG - 1));
    await turns();
    expect(untaken(stage)).toEqual([]);
    response.end(Buffer.alloc(1));
    await stage.until('untaken /x');
    const finished = new Promise((resolve) => response.once('finish', resolve));
    client.socket.resume();
    await finished;
    expect(untaken(stage)).toEqual(['untaken /x']);
  });

  it('is not told of one that is taken', async () => {
    const stage = await openStage(echo);
    const client = openClient(stage);
    client.write(GET);
    await client.until((text) => text.endsWith('\r\n\r\n/x'));
    expect(untaken(stage)).toEqual([]);
  });

  it('does not stop the others of its turn where whoever is told of it fails', async () => {
    const stage = await openStage();
    const [slow, quick] = [openClient(stage), openClient(stage)];
    slow.socket.pause();
    slow.write('GET /slow HTTP/1.1\r\n\r\n');
    const first = await stage.turn();
    quick.write(GET);
    const second = await stage.turn();
    first.request.frame(undefined);
    first.response.writeHead(200, 'OK', ['Content-Length', String(LONG)]);
    first.response.write(Buffer.alloc(LONG - 1));
    stage.onUntaken = () => {
      throw new Error('No');
    };
    first.response.end(Buffer.alloc(1));
    echo(second);
    await quick.until((text) => text.endsWith('\r\n\r\n/x'));
    expect(stage.told).toContain('failed Error: No');
    slow.socket.resume();
    await slow.ended;
    expect(slow.text().length).toBeLessThan(LONG);
  });
});
