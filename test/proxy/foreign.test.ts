import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ForeignTraits, Upstream } from '../../src/groups/lease.ts';
import { joinHeaders } from '../../src/proxy/foreign.ts';
import { exchange, openConnection, send } from '../support/raw-http.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { answering, headersOf, ok, type Recorder, type Stage, startRecorder, startStage } from './stage.ts';

const TRAITS: ForeignTraits = {
  keepsConnections: false,
  wantsForwarding: false,
  upgrades: false,
  trustClose: false,
};

async function stageOf(
  serve: (socket: Socket, text: string) => void,
  traits: Partial<ForeignTraits> = {},
  trustedProxies: readonly string[] = [],
): Promise<Stage & { readonly recorder: Recorder }> {
  const folder = makeTemporaryFolder();
  const recorder = await startRecorder(folder.path, serve);
  const stage = await startStage({
    upstream: { ...recorder.upstream, foreign: { ...TRAITS, ...traits } },
    front: { trustedProxies },
  });
  onTestFinished(async () => {
    await stage.close();
    recorder.die();
    folder.remove();
  });
  return { ...stage, recorder };
}

const CLOSING = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhalf';

function answerByClose(socket: Socket, text: string): void {
  if (text.endsWith('\r\n\r\n')) socket.end(CLOSING);
}

describe('a request to a server that was not made for the sidecar', () => {
  it('is told to send its body at once, and says so to the application alone', async () => {
    const stage = await stageOf((socket, text) => void (text.endsWith('abc') && socket.end(ok('done'))));
    const client = openConnection(stage.target);
    client.write('POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n');
    await client.until('HTTP/1.1 100 Continue\r\n\r\n');
    client.write('abc');
    await client.until('done');
    client.end();
    const sent = headersOf(stage.recorder.received[0] ?? '');
    expect([sent.get('expect'), sent.get('x-sidecar-expect')]).toEqual([undefined, '100-continue']);
  });

  it('has a connection of its own where the server ends connections', async () => {
    const stage = await stageOf(answering(ok('x')));
    await send(stage.target, '/');
    await send(stage.target, '/');
    expect(stage.recorder.received).toHaveLength(2);
    expect(headersOf(stage.recorder.received[0] ?? '').get('connection')).toBe('close');
  });

  it('shares a connection with those before it where the server keeps connections', async () => {
    const stage = await stageOf(answering(ok('x')), { keepsConnections: true });
    await send(stage.target, '/');
    await send(stage.target, '/');
    expect(stage.recorder.received).toHaveLength(1);
  });

  it('is not answered wholly by the end of a connection, unless that is trusted', async () => {
    const untrusted = await stageOf(answerByClose);
    const bytes = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    expect(await exchange(untrusted.target, bytes)).toMatchObject({ status: 200 });
    expect(await untrusted.observed()).toMatchObject({ reason: 'upstream_truncated' });
    const trusted = await stageOf(answerByClose, { trustClose: true });
    expect((await exchange(trusted.target, bytes)).text()).toBe('half');
    expect((await trusted.observed()).reason).toBeUndefined();
  });

  it.each([
    ['of a client', [], 'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n', '127.0.0.1', 'http'],
    [
      'of a trusted front',
      ['127.0.0.1'],
      'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n',
      '1.2.3.4, 127.0.0.1',
      'https',
    ],
  ])('tells the address %s where the server wants it', async (_, trustedProxies, lines, address, scheme) => {
    const stage = await stageOf(answering(ok('x')), { wantsForwarding: true }, trustedProxies);
    await exchange(stage.target, `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    const sent = headersOf(stage.recorder.received[0] ?? '');
    expect([sent.get('x-forwarded-for'), sent.get('x-forwarded-proto')]).toEqual([address, scheme]);
  });

  it.each(['head', 'Head', 'connect'])(
    'is not asked %s, whose answer it may frame as that of the method in capitals',
    async (method) => {
      const stage = await stageOf(answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'), {
        wantsForwarding: true,
      });
      const bytes = `${method} /app HTTP/1.1\r\nHost: a\r\n\r\n`;
      expect(await exchange(stage.target, bytes)).toMatchObject({ status: 501 });
      expect(await stage.observed()).toMatchObject({ method, status: 501, reason: 'method' });
      expect(stage.recorder.received).toEqual([]);
      expect(stage.outcomes).toEqual(['abandoned']);
    },
  );

  it('is asked any other method as the client wrote it, and another one where the application is told which', async () => {
    const stage = await stageOf(answering(ok('x')), { wantsForwarding: true });
    for (const method of ['get', 'heads', 'X']) await send(stage.target, '/', { method });
    expect(stage.recorder.received.map((text) => text.split(' ')[0])).toEqual(['get', 'heads', 'X']);
    const told = await stageOf(answering(ok('x')));
    await exchange(told.target, 'head / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(told.recorder.received[0]?.split(' ')[0]).toBe('POST');
  });

  it('is told the address once, however often it is sent', async () => {
    let isBroken = true;
    const breakOnce = (socket: Socket, text: string): void => {
      if (!text.endsWith('\r\n\r\n')) return;
      if (isBroken) socket.destroy();
      else socket.end(ok('done'));
      isBroken = false;
    };
    const stage = await stageOf(breakOnce, { wantsForwarding: true });
    expect((await send(stage.target, '/')).text()).toBe('done');
    expect(stage.recorder.received).toHaveLength(2);
    for (const text of stage.recorder.received) {
      expect(text.match(/^(?:x-forwarded-for|x-forwarded-proto|x-sidecar-\w+): .*$/gim)).toHaveLength(4);
      expect(headersOf(text).get('x-forwarded-for')).toBe('127.0.0.1');
    }
  });

  it('reaches a port', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.end(ok('by TCP'))));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { readonly port: number };
    const tcp = { host: '127.0.0.1', port };
    const closed = new AbortController().signal;
    const upstream: Upstream = { pid: 4711, socketPath: '', tcp, threads: 8, closed, foreign: TRAITS };
    const stage = await startStage({ upstream });
    onTestFinished(async () => {
      await stage.close();
      server.close();
    });
    expect((await send(stage.target, '/')).text()).toBe('by TCP');
  });
});

describe('joinHeaders()', () => {
  it('makes one line of several, and leaves out names that could be taken for another', () => {
    const headers = ['accept', 'a', 'x_under', '1', 'Accept', 'b', 'x.dot', '2', 'x-one', '3'];
    expect(joinHeaders(headers)).toEqual(['accept', 'a, b', 'x-one', '3']);
  });
});
