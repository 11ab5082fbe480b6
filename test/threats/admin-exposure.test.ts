/** The admin side does nothing for a page of somebody else, wherever its name leads, nor for who lacks the token. */
import { describe, expect, it } from 'vitest';
import { createAdmin } from '../../routes/admin.ts';
import { checkSettings } from '../../src/settings/schema.ts';

const restarted: string[] = [];

function ask(
  path: string,
  headers: Record<string, string>,
  method = 'GET',
  token?: string,
): Promise<Response> {
  // Nothing that is refused may reach it.
  const model = new Proxy({} as Parameters<typeof createAdmin>[0]['model'], {
    get: (_, name) => () => {
      restarted.push(String(name));
      return [];
    },
  });
  const app = createAdmin(
    {
      model,
      metrics: { expose: async () => ({ contentType: 'text/plain', body: '' }) },
      onError: () => undefined,
    },
    { transport: 'tcp', token: () => token },
  );
  const request = new Request(`http://127.0.0.1:9180${path}`, {
    method,
    headers: { host: '127.0.0.1:9180', ...headers },
  });
  return Promise.resolve(app.fetch(request));
}

describe('a request to the admin side', () => {
  it.each([
    ['under a name that was made to lead here (DNS rebinding)', { host: 'evil.test:9180' }, 403],
    ['from a page of another origin', { origin: 'http://evil.test' }, 403],
    ['that a browser sent for another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['without the token', {}, 401],
    ['with another token', { authorization: 'Bearer wrong' }, 401],
  ])('is refused: %s', async (_, headers, status) => {
    restarted.length = 0;
    for (const [path, method] of [
      ['/api/groups', 'GET'],
      ['/metrics', 'GET'],
      ['/api/reload', 'POST'],
      ['/', 'GET'],
    ] as const) {
      expect((await ask(path, headers as Record<string, string>, method, 'right')).status).toBe(status);
    }
    expect(restarted).toEqual([]);
  });

  it('changes nothing by GET', async () => {
    for (const path of ['/api/reload', '/api/groups/0123456789ab/restart']) {
      expect((await ask(path, {})).status).toBeGreaterThanOrEqual(404);
    }
    expect(restarted.filter((name) => name === 'reload' || name === 'restart')).toEqual([]);
  });
});

describe('the admin listener', () => {
  it.each(['0.0.0.0:9180', '*:9180', '192.0.2.1:9180', '[::]:9180'])(
    'does not face a network: %s',
    (listen) => {
      const checked = checkSettings({ admin: { listen } });
      expect(
        'problems' in checked && checked.problems.some(({ path }) => path.join('.') === 'admin.listen'),
      ).toBe(true);
    },
  );
});
