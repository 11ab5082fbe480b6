/** The way of a request through the front, on real sockets: what reaches the upstream and what comes back. */
import { describe, expect, it } from 'vitest';
import type { NoRoute, RedirectRoute } from '../../src/routing/route.ts';
import { exchange, openConnection, send } from '../support/raw-http.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { environOf, headersOf, ok, stageBefore, startStage, virtualHost, wsgiRoute } from './stage.ts';

const DIAGNOSTIC = { severity: 'error', id: 'mount-access-control', message: 'Require valid-user' } as const;

describe('Front', () => {
  it('passes a request and its answer on, and observes it once', async () => {
    const stage = await stageBefore(ok('hello'));
    const answer = await send(stage.target, '/app/x?y=1', { headers: { Host: 'www.test', 'X-One': '1' } });
    expect([answer.status, answer.reason, answer.text()]).toEqual([200, 'OK', 'hello']);
    const sent = headersOf(stage.recorder.received[0] ?? '');
    expect(stage.recorder.received[0]).toMatch(/^GET \/app\/x\?y=1 HTTP\/1\.1\r\n/);
    expect([sent.get('host'), sent.get('x-one')]).toEqual(['www.test', '1']);
    expect(sent.get('x-sidecar-mount')).toContain('"SCRIPT_FILENAME":"/srv/app.wsgi"');
    await stage.observed();
    expect(stage.observations).toEqual([
      expect.objectContaining({
        status: 200,
        arm: 'sidecar',
        pid: 4711,
        mount: 'www.test:/app',
        responseBytes: 5,
        aborted: false,
      }),
    ]);
    expect(stage.outcomes).toEqual(['answered']);
  });

  it('serves many requests on one client connection over one upstream connection', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    for (let i = 1; i <= 5; i += 1) {
      client.write(`GET /app/${i} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await client.until('hello'.repeat(1));
      await stage.observed(i - 1);
    }
    client.end();
    expect(stage.recorder.received).toHaveLength(1);
    expect(stage.outcomes).toEqual(Array(5).fill('answered'));
  });

  it('answers pipelined requests in their order', async () => {
    const stage = await stageBefore((socket, text) => {
      const path = [...text.matchAll(/GET (\S+)/g)].at(-1)?.[1] ?? '';
      if (text.endsWith('\r\n\r\n')) socket.write(ok(path));
    });
    const client = openConnection(stage.target);
    client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const text = await client.closed;
    expect(text.indexOf('/1')).toBeGreaterThan(0);
    expect(text.indexOf('/2')).toBeGreaterThan(text.indexOf('/1'));
  });

  it('begins a pipelined request when the one before it is answered', async () => {
    const held: (() => void)[] = [];
    const stage = await stageBefore((socket, text) => {
      if (text.endsWith('\r\n\r\n')) held.push(() => socket.write(ok('hello')));
    });
    const client = openConnection(stage.target);
    client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await expect.poll(() => held.length).toBe(1);
    // The second has been read by now: both came in one piece.
    expect(stage.requests.map(({ target }) => target)).toEqual(['/1']);
    held[0]?.();
    await expect.poll(() => held.length).toBe(2);
    held[1]?.();
    expect((await client.closed).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  it('serves all of many pipelined requests', async () => {
    const stage = await stageBefore((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write(ok('hello'));
    });
    const client = openConnection(stage.target);
    const bytes = Array.from({ length: 300 }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');
    client.write(`${bytes}GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect((await client.closed).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(301);
    expect(stage.requests.map(({ target }) => target).slice(-2)).toEqual(['/299', '/last']);
  });

  it('never begins a pipelined request whose client leaves before its turn, and as Apache knows nothing of it', async () => {
    const stage = await stageBefore(() => {});
    const client = openConnection(stage.target);
    client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => stage.recorder.received.length).toBe(1);
    client.end();
    expect(await stage.released()).toBe('abandoned');
    await stage.observed();
    expect(stage.observations.map((seen) => [seen.status, seen.aborted])).toEqual([[499, true]]);
    expect(stage.requests).toHaveLength(1);
  });

  it.each([
    ['broken bytes', 'GET /2 HTTP/1.1\nHost: a\n\n', 400],
    ['a tunnel', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['a head that is refused', 'GET * HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ])('answers first what came whole before %s', async (_, bytes, status) => {
    const held: (() => void)[] = [];
    const stage = await stageBefore((socket, text) => {
      if (text.endsWith('\r\n\r\n')) held.push(() => socket.write(ok('hello')));
    });
    const client = openConnection(stage.target);
    client.write(`POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n${bytes}`);
    await expect.poll(() => held.length).toBe(1);
    held[0]?.();
    const text = await client.closed;
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]));
    expect(statuses).toEqual([200, status]);
    expect(stage.requests.map(({ target }) => target)).toEqual(['/1']);
  });

  it.each([
    ['refused', { status: 400, body: 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n' }, 'dup_host'],
    ['crooked', { status: 400, body: 'GET http://[bad/ HTTP/1.1\r\nHost: a\r\n\r\n' }, 'target'],
    ['hostless', { status: 400, body: 'GET / HTTP/1.1\r\n\r\n' }, 'bad_host'],
  ])('answers a %s head itself, closes, and says why', async (_, { status, body }, reason) => {
    const stage = await stageBefore(ok('hello'));
    const answer = await exchange(stage.target, body);
    expect(answer.status).toBe(status);
    expect(answer.header('connection')).toBe('close');
    expect(await stage.observed()).toMatchObject({ status, reason, arm: 'own' });
    expect(stage.recorder.received).toEqual([]);
  });

  it('answers OPTIONS * itself', async () => {
    const stage = await stageBefore(ok('hello'));
    const answer = await send(stage.target, '*', { method: 'OPTIONS' });
    expect([answer.status, answer.text()]).toEqual([200, '']);
    expect(stage.requests).toEqual([]);
  });

  it('forwards the path of an absolute-form target with its authority as Host', async () => {
    const stage = await stageBefore(ok('hello'));
    await send(stage.target, 'http://other.test/app//x', { headers: { Host: 'www.test' } });
    const [text = ''] = stage.recorder.received;
    expect(text).toMatch(/^GET \/app\/\/x HTTP\/1\.1\r\n/);
    expect(headersOf(text).get('host')).toBe('other.test');
    expect(environOf(text).REQUEST_URI).toBe('http://other.test/app//x');
  });

  it.each([['/a//b'], ['/a\\b'], ['/a/%2e%2e/b'], ['/{}|^`'], ['//evil.test/a']])(
    'forwards the bytes of %s as they came',
    async (path) => {
      const stage = await stageBefore(ok('hello'));
      const answer = await exchange(
        stage.target,
        `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      );
      expect(answer.status).toBe(200);
      expect(stage.recorder.received[0]?.split(' ')[1]).toBe(path);
    },
  );

  it('names no user and believes no address that an untrusted client sends', async () => {
    const stage = await stageBefore(ok('hello'), { front: { userHeader: 'X-Remote-User' } });
    await send(stage.target, '/app/x', {
      headers: {
        'X-Remote-User': 'alice',
        'X-Forwarded-For': '1.2.3.4',
        'x-sidecar-request': '{"REMOTE_USER":"alice"}',
      },
    });
    const [text] = stage.recorder.received;
    expect(environOf(text)).toMatchObject({ REMOTE_ADDR: '127.0.0.1' });
    expect(environOf(text)).not.toHaveProperty('REMOTE_USER');
    expect(text).not.toContain('alice');
    expect(text).not.toContain('1.2.3.4');
    expect(stage.requests[0]).toMatchObject({ remoteAddress: '127.0.0.1' });
  });

  it('believes user and address of a trusted peer', async () => {
    const front = { userHeader: 'X-Remote-User', trustedProxies: ['127.0.0.0/8'] };
    const stage = await stageBefore(ok('hello'), { front });
    await send(stage.target, '/app/x', {
      headers: { 'x-remote-user': 'alice', 'X-Forwarded-For': '1.2.3.4' },
    });
    const [text] = stage.recorder.received;
    expect(environOf(text)).toMatchObject({ REMOTE_USER: 'alice', REMOTE_ADDR: '1.2.3.4', REMOTE_PORT: '0' });
    expect(headersOf(text ?? '').has('x-remote-user')).toBe(false);
    expect(headersOf(text ?? '').get('x-forwarded-for')).toBe('1.2.3.4');
    expect(stage.requests[0]).toMatchObject({ remoteAddress: '1.2.3.4' });
  });

  it('takes a peer on a Unix socket for trusted only when the settings say so', async () => {
    const folder = makeTemporaryFolder();
    for (const [trustedProxies, user] of [
      [['unix'], 'alice'],
      [[], undefined],
    ] as const) {
      const listener = { bind: `unix:${folder.path}/front.sock` };
      const stage = await stageBefore(ok('hello'), {
        listener,
        front: { userHeader: 'X-Remote-User', trustedProxies },
      });
      await send(stage.target, '/app/x', { headers: { 'X-Remote-User': 'alice' } });
      expect(environOf(stage.recorder.received[0]).REMOTE_USER).toBe(user);
      await stage.close();
    }
    folder.remove();
  });

  it('names nobody when the identity header is repeated', async () => {
    const front = { userHeader: 'X-Remote-User', trustedProxies: ['127.0.0.1'] };
    const stage = await stageBefore(ok('hello'), { front });
    const head =
      'GET / HTTP/1.1\r\nHost: a\r\nX-Remote-User: alice\r\nX-Remote-User: bob\r\nConnection: close\r\n\r\n';
    await exchange(stage.target, head);
    expect(environOf(stage.recorder.received[0])).not.toHaveProperty('REMOTE_USER');
  });

  it.each([
    [false, undefined],
    [true, 'Basic YTpi'],
  ])('passes Authorization on when WSGIPassAuthorization is %s', async (passAuthorization, expected) => {
    const stage = await stageBefore(ok('hello'), { route: wsgiRoute({}, { passAuthorization }) });
    await send(stage.target, '/app/x', { headers: { Authorization: 'Basic YTpi' } });
    expect(headersOf(stage.recorder.received[0] ?? '').get('authorization')).toBe(expected);
  });

  it('refuses chunks with 411 unless WSGIChunkedRequest is on', async () => {
    const stage = await stageBefore(ok('hello'));
    const request = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
    const answer = await exchange(stage.target, request, 'POST');
    expect(answer.status).toBe(411);
    expect(stage.recorder.received).toEqual([]);
  });

  it.each([
    ['its host', '192.0.2.1', '192.0.2.1'],
    ['no host', undefined, ''],
  ])('names the listener to applications as a Listen with %s', async (_what, address, expected) => {
    const as = address === undefined ? { port: 80 } : { address, port: 80 };
    const stage = await stageBefore(ok('hello'), { front: { as } });
    await send(stage.target, '/app/x');
    expect(headersOf(stage.recorder.received[0] ?? '').get('x-sidecar-mount')).toContain(
      `"mod_wsgi.listener_host":"${expected}"`,
    );
  });

  it('stands for the Apache that it replaces', async () => {
    const stage = await stageBefore(ok('hello'), {
      front: { as: { address: '192.0.2.1', port: 443 }, tls: true },
    });
    await send(stage.target, '/app/x');
    expect(stage.requests[0]).toMatchObject({ localAddress: '192.0.2.1', localPort: 443, tls: true });
    expect(headersOf(stage.recorder.received[0] ?? '').get('x-sidecar-mount')).toContain(
      '"wsgi.url_scheme":"https"',
    );
  });

  it.each([
    ['denied', 'denied', 'front', ['127.0.0.1'], 403],
    ['front-only without a front', 'front-only', 'refuse', ['127.0.0.1'], 403],
    ['front-only from an untrusted peer', 'front-only', 'front', [], 403],
    ['front-only from the front', 'front-only', 'front', ['127.0.0.1'], 200],
    ['granted', 'granted', 'refuse', [], 200],
  ] as const)(
    'keeps the doors that Apache keeps: %s',
    async (_, kind, accessControl, trustedProxies, status) => {
      const access = kind === 'granted' ? { kind } : { kind, rule: DIAGNOSTIC };
      const stage = await stageBefore(ok('hello'), {
        route: wsgiRoute({ access }),
        front: { accessControl, trustedProxies },
      });
      const answer = await send(stage.target, '/app/x');
      expect(answer.status).toBe(status);
      const reason = status === 403 ? 'access_control' : undefined;
      expect((await stage.observed()).reason).toBe(reason);
    },
  );

  it('answers for a route that is none with its status, its reason and a request id', async () => {
    const route: NoRoute = { kind: 'none', status: 404, reason: 'not_wsgi', message: 'secret detail' };
    const stage = await stageBefore(ok('hello'), { route });
    const answer = await send(stage.target, '/nothing');
    const { requestId, ...observation } = await stage.observed();
    expect(answer.status).toBe(404);
    expect(answer.text()).toContain(requestId);
    expect(answer.header('x-request-id')).toBe(requestId);
    expect(answer.text()).not.toContain('secret');
    expect(observation).toMatchObject({ status: 404, reason: 'not_wsgi', arm: 'own' });
    expect(stage.logged).toEqual([
      {
        level: 'info',
        message: 'secret detail',
        fields: expect.objectContaining({ request_id: requestId, target: '/nothing' }),
      },
    ]);
  });

  it('redirects to where routing says', async () => {
    const route: RedirectRoute = {
      kind: 'redirect',
      virtualHost: virtualHost(),
      path: '/d',
      query: '',
      serverName: 'www.test',
      serverPort: 8080,
      status: 301,
      location: '/d/',
    };
    const stage = await stageBefore(ok('hello'), { route });
    const answer = await send(stage.target, '/d');
    expect([answer.status, answer.header('location')]).toEqual([301, '/d/']);
    expect(await stage.observed()).toMatchObject({ status: 301, arm: 'own' });
  });

  it.each([
    ['ERR_QUEUE_FULL', 503, '7', 'queue_full'],
    ['ERR_GROUP_BACKING_OFF', 503, '7', 'group_backing_off'],
    ['ERR_GROUP_START_FAILED', 503, '7', 'group_start_failed'],
  ] as const)('tells the refusal %s', async (code, status, retryAfter, reason) => {
    const acquire = () =>
      Promise.resolve({ kind: 'refusal', code, message: 'secret detail', retryAfterSeconds: 6.2 } as const);
    const stage = await stageBefore(ok('hello'), { acquire });
    const answer = await send(stage.target, '/app/x');
    expect([answer.status, answer.header('retry-after')]).toEqual([status, retryAfter]);
    expect(answer.text()).not.toContain('secret');
    expect(await stage.observed()).toMatchObject({ status, reason, arm: 'sidecar' });
    expect(stage.logged).toContainEqual(expect.objectContaining({ message: 'secret detail' }));
  });

  it('tells the group when a waiting client leaves', async () => {
    let gone: AbortSignal | undefined;
    const stage = await stageBefore(ok('hello'), {
      acquire: (signal) => {
        gone = signal;
        return new Promise((resolve) => {
          const refusal = { kind: 'refusal', code: 'ERR_CLIENT_GONE', message: 'left' } as const;
          signal.addEventListener('abort', () => resolve(refusal));
        });
      },
    });
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => gone).toBeDefined();
    client.end();
    expect(await stage.observed()).toMatchObject({ status: 499, aborted: true, reason: 'client_gone' });
    expect(gone?.aborted).toBe(true);
  });

  it('gives a lease back that comes when the client has left', async () => {
    const grants: (() => void)[] = [];
    const outcomes: string[] = [];
    const stage = await stageBefore(ok('hello'), {
      acquire: () =>
        new Promise((resolve) => {
          const upstream = {
            pid: 1,
            socketPath: '/nowhere',
            threads: 1,
            closed: new AbortController().signal,
          };
          const release = (outcome: string): void => void outcomes.push(outcome);
          grants.push(() => resolve({ kind: 'lease', upstream, queuedMs: 1, release }));
        }),
    });
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => grants.length).toBe(1);
    client.end();
    await stage.observed();
    grants[0]?.();
    await expect.poll(() => outcomes).toEqual(['abandoned']);
  });

  it('answers 500 when something inside throws, and goes on', async () => {
    let isBroken = true;
    const stage = await stageBefore(ok('hello'), {
      route() {
        if (!isBroken) return wsgiRoute();
        isBroken = false;
        throw new Error('secret detail');
      },
    });
    const answer = await send(stage.target, '/app/x');
    expect(answer.status).toBe(500);
    expect(answer.text()).not.toContain('secret');
    expect((await send(stage.target, '/app/x')).status).toBe(200);
  });

  it('refuses without a group', async () => {
    const stage = await startStage({});
    expect((await send(stage.target, '/app/x')).status).toBe(503);
    await stage.close();
  });
});
