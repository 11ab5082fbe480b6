/** A fault of the sidecar itself in the middle of a request: the client is told, and no lease stays held. */
import { describe, expect, it } from 'vitest';
import { openConnection, send } from '../support/raw-http.ts';
import { ok, stageBefore } from './stage.ts';

const FOREIGN = { keepsConnections: true, wantsForwarding: false, trustClose: false, upgrades: true };
const HANDSHAKE =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhl\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

function fault(): never {
  throw new Error('a fault');
}

describe('a fault', () => {
  it.each([
    ['of a resolver', { route: fault }],
    ['of an observer at the beginning', { observer: { requestStarted: fault } }],
    ['of who gives leases', { acquire: fault }],
  ])('%s is a 500', async (_, parts) => {
    const stage = await stageBefore(ok('hello'), parts);
    expect((await send(stage.target, '/')).status).toBe(500);
    expect((await send(stage.target, '/')).status).toBe(500);
    expect(await stage.observed(1)).toMatchObject({ status: 500, reason: 'internal' });
    expect(stage.logged[0]).toMatchObject({ level: 'error' });
    expect(stage.faults).toHaveLength(2);
  });

  it('of who gives leases is a 500 behind a body that came slowly', async () => {
    const stage = await stageBefore(ok('hello'), { acquire: fault });
    const client = openConnection(stage.target);
    await client.flush('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhe');
    await client.flush('llo');
    expect(await client.closed).toMatch(/^HTTP\/1\.1 500 /);
  });

  it('of an observer at the end keeps no lease, and the next request is served', async () => {
    const stage = await stageBefore(ok('hello'), { observer: { requestFinished: fault } });
    for (let i = 0; i < 2; i += 1) {
      expect((await send(stage.target, '/')).text()).toBe('hello');
      expect(await stage.released(i)).toBe('answered');
    }
    expect(stage.logged[0]?.fields).toMatchObject({ code: 'ERR_INTERNAL' });
    expect(stage.faults).toHaveLength(2);
  });

  it('of who takes leases back is told, and the request is observed', async () => {
    const upstream = { pid: 1, socketPath: '/nowhere', threads: 1, closed: new AbortController().signal };
    const stage = await stageBefore(ok('hello'), {
      acquire: () => ({ kind: 'lease', upstream, queuedMs: 0, release: fault }),
    });
    await send(stage.target, '/').catch(() => undefined);
    await stage.observed();
    expect(stage.logged.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ err: expect.objectContaining({ message: 'a fault' }) }),
    );
  });

  it('of an observer ends a WebSocket that has just been opened', async () => {
    const outcomes: string[] = [];
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('\r\n\r\n') && socket.write(SWITCH)),
      {
        observer: { webSocketOpened: fault },
        acquire: () => ({
          kind: 'lease',
          upstream: { ...stage.recorder.upstream, foreign: FOREIGN },
          queuedMs: 0,
          release: (outcome) => void outcomes.push(outcome),
        }),
      },
    );
    const client = openConnection(stage.target);
    client.write(HANDSHAKE);
    await client.closed;
    expect(await stage.observed()).toMatchObject({ reason: 'internal' });
    expect(outcomes).toHaveLength(1);
    expect(stage.faults).toHaveLength(1);
  });
});
