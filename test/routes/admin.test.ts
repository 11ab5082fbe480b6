import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { AccessOptions } from '../../routes/access.ts';
import { createAdmin } from '../../routes/admin.ts';
import type {
  AdminModel,
  EventView,
  GroupView,
  Question,
  ReloadView,
  UpgradeOutcome,
} from '../../routes/model.ts';
import { SidecarError } from '../../src/errors.ts';

const GROUP: GroupView = {
  id: '0123456789ab',
  processGroup: '%{GLOBAL}',
  applicationGroup: 'www.example.com|/<b>shop',
  mode: 'embedded',
  state: 'ready',
  limits: { processes: 1, threads: 15, queueLength: 100 },
  mounts: ['www.example.com:/shop'],
  scripts: ['/srv/shop.wsgi'],
  sharing: [],
  processes: [{ pid: 7, state: 'ready', inFlight: 0, startedAt: 1, served: 2, failed: 0 }],
  queueDepth: 0,
  reason: 'process 7 is ready',
  failedScripts: [],
};

type Given = {
  readonly access?: Partial<AccessOptions>;
  readonly ready?: boolean;
  readonly groups?: readonly GroupView[];
  readonly reload?: ReloadView;
  readonly upgrade?: UpgradeOutcome;
};

const RELOADED: ReloadView = {
  at: 1,
  result: 'reloaded',
  groups: { unchanged: [GROUP], adopted: [], replaced: [], stopped: [], kept: [] },
  listeners: { opened: [], closed: [] },
  waiting: [],
  findings: [],
};

const UPGRADED: UpgradeOutcome = {
  result: 'succeeded',
  pid: 8,
  version: '2.0.0',
  predecessor: { pid: 7, version: '1.0.0' },
};

function createApp({
  access = {},
  ready = true,
  groups = [GROUP],
  reload = RELOADED,
  upgrade = UPGRADED,
}: Given = {}): {
  readonly app: ReturnType<typeof createAdmin>;
  readonly errors: unknown[];
  readonly questions: Question[];
  readonly restarted: string[];
  readonly listeners: ((event: EventView) => void)[];
} {
  const errors: unknown[] = [];
  const questions: Question[] = [];
  const restarted: string[] = [];
  const listeners: ((event: EventView) => void)[] = [];
  const model: AdminModel = {
    readiness: () => ({ ready, state: ready ? 'ready' : 'draining' }),
    groups: () => groups,
    restart: async (id) => {
      restarted.push(id);
      if (id === 'broken')
        return { result: 'kept', failure: { at: 1, step: 'import', message: 'It broke', traceback: 'Tb' } };
      return id === GROUP.id ? { result: 'restarted', group: GROUP } : undefined;
    },
    reload: async () => reload,
    upgrade: async () => upgrade,
    lastReload: () => undefined,
    events: (listener) => {
      listeners.push(listener);
      return () => void listeners.splice(0);
    },
    explain: (question) => {
      if (question.url === 'nonsense') throw new SidecarError('ERR_CONFIG_SYNTAX', 'That is no URL');
      questions.push(question);
      return { kind: 'wsgi' };
    },
    site: () => {
      throw new TypeError('secret detail');
    },
    diagnostics: () => [
      {
        severity: 'warning',
        id: 'x',
        message: 'Odd',
        file: 'a.conf',
        line: 3,
        text: 'a.conf:3: warning: Odd',
      },
    ],
  };
  const metrics = {
    expose: async (format: string) => ({ contentType: 'text/plain', body: `format ${format}\n` }),
  };
  const app = createAdmin(
    { model, metrics, onError: (error) => errors.push(error) },
    { transport: 'tcp', ...access },
  );
  return { app, errors, questions, restarted, listeners };
}

function ask(
  given: Given,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Response> {
  const { app } = createApp(given);
  const request = new Request(`http://127.0.0.1:9180${path}`, {
    method,
    headers: { host: '127.0.0.1:9180', ...headers },
  });
  return Promise.resolve(app.fetch(request));
}

describe('createAdmin()', () => {
  it.each(['127.0.0.1:9180', '127.8.9.1', 'localhost:1', '[::1]:9180', 'LOCALHOST'])(
    'answers Host "%s"',
    async (host) => {
      expect((await ask({}, '/livez', { host })).status).toBe(200);
    },
  );

  it.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:9180', '10.0.0.1', ''])(
    'refuses Host "%s", which a rebound name would send',
    async (host) => {
      expect((await ask({}, '/metrics', { host })).status).toBe(403);
    },
  );

  it('takes any Host on a Unix socket', async () => {
    expect((await ask({ access: { transport: 'unix' } }, '/metrics', { host: 'sidecar' })).status).toBe(200);
  });

  it.each([
    ['another origin', { origin: 'http://evil.example' }, 403],
    ['the null origin', { origin: 'null' }, 403],
    ['its own origin', { origin: 'http://127.0.0.1:9180' }, 200],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a same-site fetch', { 'sec-fetch-site': 'same-site' }, 403],
    ['a page typed in', { 'sec-fetch-site': 'none' }, 200],
  ])('judges %s', async (_case, headers, status) => {
    expect((await ask({}, '/api/groups', headers as Record<string, string>)).status).toBe(status);
  });

  it('wants the token where one is set, except for health', async () => {
    const given = { access: { token: () => 'secret' } };
    const refused = await ask(given, '/metrics');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect((await ask(given, '/metrics', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await ask(given, '/metrics', { authorization: 'Bearer secret' })).status).toBe(200);
    expect((await ask(given, '/livez')).status).toBe(200);
  });

  it('wants the token that is set now', async () => {
    let token: string | undefined = 'old';
    const { app } = createApp({ access: { token: () => token } });
    const statusFor = async (given: string): Promise<number> =>
      (await app.request('/metrics', { headers: { host: 'localhost', authorization: `Bearer ${given}` } }))
        .status;
    expect(await statusFor('old')).toBe(200);
    token = 'new';
    expect([await statusFor('old'), await statusFor('new')]).toEqual([401, 200]);
  });

  it('is ready or says why not', async () => {
    expect((await ask({}, '/readyz')).status).toBe(200);
    const draining = await ask({ ready: false }, '/readyz');
    expect([draining.status, await draining.json()]).toEqual([503, { status: 'draining' }]);
  });

  it.each([
    ['nothing', {}, 'format prometheus\n'],
    ['anything', { accept: '*/*' }, 'format prometheus\n'],
    [
      'what Prometheus sends',
      { accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' },
      'format openmetrics\n',
    ],
    [
      'text first',
      { accept: 'text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.1' },
      'format prometheus\n',
    ],
  ])('exposes metrics to a client that accepts %s', async (_case, headers, body) => {
    expect(await (await ask({}, '/metrics', headers as Record<string, string>)).text()).toBe(body);
  });

  it('shows one group, and 404 as a problem for another', async () => {
    expect(await (await ask({}, '/api/groups/0123456789ab')).json()).toMatchObject({ id: '0123456789ab' });
    const missing = await ask({}, '/api/groups/nope');
    expect(missing.headers.get('content-type')).toBe('application/problem+json');
    expect(await missing.json()).toMatchObject({ status: 404, detail: expect.stringContaining('"nope"') });
  });

  it('restarts a group by POST and by nothing else', async () => {
    const { app, restarted } = createApp();
    const at = (method: string): Promise<Response> =>
      Promise.resolve(
        app.request('/api/groups/0123456789ab/restart', { method, headers: { host: 'localhost' } }),
      );
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const refused = await at(method);
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST']);
    }
    expect(restarted).toEqual([]);
    expect(await (await at('POST')).json()).toMatchObject({ result: 'restarted', group: { id: GROUP.id } });
    expect(restarted).toEqual([GROUP.id]);
  });

  it('answers a restart that was not done with a problem that holds the failure', async () => {
    const kept = await ask({}, '/api/groups/broken/restart', {}, 'POST');
    expect(kept.status).toBe(409);
    expect(await kept.json()).toMatchObject({
      detail: 'It broke',
      code: 'ERR_GROUP_START_FAILED',
      failure: { step: 'import', traceback: 'Tb' },
    });
    expect((await ask({}, '/api/groups/nope/restart', {}, 'POST')).status).toBe(404);
  });

  it('upgrades by POST alone, and answers why the old sidecar goes on', async () => {
    expect((await ask({}, '/api/upgrade')).status).toBe(405);
    expect(await (await ask({}, '/api/upgrade', {}, 'POST')).json()).toEqual(UPGRADED);
    const upgrade = { result: 'kept', detail: 'No such file' } as const;
    const refused = await ask({ upgrade }, '/api/upgrade', {}, 'POST');
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ detail: 'No such file', code: 'ERR_UPGRADE' });
  });

  it('reloads by POST alone, and answers what was refused with a problem', async () => {
    expect((await ask({}, '/api/reload')).status).toBe(405);
    expect(await (await ask({}, '/api/reload', {}, 'POST')).json()).toMatchObject({ result: 'reloaded' });
    const reload: ReloadView = {
      at: 1,
      result: 'refused',
      code: 'ERR_CONFIG_SYNTAX',
      detail: 'a.conf:1: error',
    };
    const refused = await ask({ reload }, '/api/reload', {}, 'POST');
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { code: 'ERR_CONFIG_SYNTAX', detail: 'a.conf:1: error' },
    ]);
  });

  it.each([
    ['a foreign page', { origin: 'http://evil.example' }, 403],
    ['a form of a foreign page', { 'sec-fetch-site': 'cross-site' }, 403],
    ['somebody without the token', {}, 401],
  ])('does nothing for %s', async (_case, headers, status) => {
    const { app, restarted } = createApp({ access: { token: () => 'secret' } });
    const answer = await app.request('/api/groups/0123456789ab/restart', {
      method: 'POST',
      headers: { host: 'localhost', ...(headers as Record<string, string>) },
    });
    expect([answer.status, restarted]).toEqual([status, []]);
  });

  it('tells events as they happen, and stops listening when the asker has gone', async () => {
    const { app, listeners } = createApp();
    const answer = await app.request('/api/events', { headers: { host: 'localhost' } });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = answer.body?.getReader();
    const text = async (): Promise<string> => Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(await text()).toBe(': listening\n\n');
    const event: EventView = { kind: 'group', at: 5, group: GROUP, from: 'idle', to: 'starting' };
    listeners[0]?.(event);
    expect(await text()).toBe(`event: group\ndata: ${JSON.stringify(event)}\n\n`);
    await reader?.cancel();
    await expect.poll(() => listeners.length).toBe(0);
  });

  it('hands the whole question on', async () => {
    const { app, questions } = createApp();
    const query = 'url=http%3A%2F%2Fx%2Fa&method=POST&header=A%3A%201&header=B%3A%202&port=8080';
    await app.request(`/api/explain?${query}`, { headers: { host: 'localhost' } });
    expect(questions).toEqual([{ url: 'http://x/a', method: 'POST', headers: ['A: 1', 'B: 2'], port: 8080 }]);
  });

  it.each([
    ['no URL', '/api/explain', 400],
    ['what is no URL', '/api/explain?url=nonsense', 400],
    ['a port that is none', '/api/explain?url=http://x/&port=x', 400],
    ['an unknown path', '/api/nothing', 404],
  ])('answers %s with a problem', async (_case, path, status) => {
    const response = await ask({}, path);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('changes nothing by %s', async (method) => {
    const response = await ask({}, '/api/groups', {}, method);
    expect(response.status).toBe(405);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('keeps the cause of its own errors to the log', async () => {
    const { app, errors } = createApp();
    const response = await app.request('/api/site', { headers: { host: 'localhost' } });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret detail');
    expect(errors).toHaveLength(1);
  });

  it('escapes names on the page', async () => {
    const page = await (await ask({}, '/')).text();
    expect(page).toContain('&lt;b&gt;shop');
    expect(page).not.toContain('<b>shop');
  });

  it('names on the page what shares a process, and the setting that parts it', async () => {
    expect(await (await ask({}, '/')).text()).not.toContain('per-script');
    const sharing = ['/srv/a.wsgi', '/srv/b.wsgi'];
    const page = await (await ask({ groups: [{ ...GROUP, sharing }] }, '/')).text();
    expect(page).toContain('/srv/a.wsgi /srv/b.wsgi');
    expect(page).toContain('isolation: per-script');
  });

  it('has a route for every path of openapi.yaml and no other', () => {
    const { app } = createApp();
    const registered = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`);
    const text = readFileSync(new URL('../../routes/openapi.yaml', import.meta.url), 'utf8');
    const { paths } = parse(text) as { paths: Record<string, object> };
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(registered.sort()).toEqual(documented.sort());
  });
});
