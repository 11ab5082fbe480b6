import { describe, expect, it } from 'vitest';
import type { RedirectRoute } from '../../src/routing/route.ts';
import { send } from '../support/raw-http.ts';
import { startStage, virtualHost } from './stage.ts';

const route = (parts: Partial<RedirectRoute>): RedirectRoute => ({
  kind: 'redirect',
  virtualHost: virtualHost(),
  path: '/d',
  query: '',
  serverName: 'www.test',
  serverPort: 80,
  status: 301,
  location: '/d/',
  ...parts,
});

describe('sendRedirect()', () => {
  it.each(['https://other.test/x', '/x', 'http://www.test:8080/d/'])(
    'sends %s as routing made it',
    async (location) => {
      const stage = await startStage({ route: route({ location }) });
      expect((await send(stage.target, '/a')).header('location')).toBe(location);
      await stage.close();
    },
  );

  it('lets no decoded byte split the header', async () => {
    const stage = await startStage({ route: route({ location: '/a\r\nSet-Cookie: b \x01/' }) });
    const answer = await send(stage.target, '/a');
    expect(answer.header('location')).toBe('/a%0D%0ASet-Cookie:%20b%20%01/');
    expect(answer.header('set-cookie')).toBeUndefined();
    await stage.close();
  });

  it('answers what is gone without a location', async () => {
    const stage = await startStage({ route: route({ status: 410, location: '' }) });
    const answer = await send(stage.target, '/a');
    expect([answer.status, answer.header('location')]).toEqual([410, undefined]);
    await stage.close();
  });
});
