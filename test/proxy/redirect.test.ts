import { describe, expect, it } from 'vitest';
import { absoluteLocation } from '../../src/proxy/redirect.ts';
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

describe('absoluteLocation()', () => {
  it.each([
    ['a path', {}, false, 'http://www.test/d/'],
    ['a path on another port', { serverPort: 8080 }, false, 'http://www.test:8080/d/'],
    ['a path under TLS', { serverPort: 443 }, true, 'https://www.test/d/'],
    ['a path on port 443 without TLS', { serverPort: 443 }, false, 'http://www.test:443/d/'],
    ['an IPv6 name', { serverName: '::1' }, false, 'http://[::1]/d/'],
    ['a URL', { location: 'https://other.test/x' }, false, 'https://other.test/x'],
  ])('makes a URL of %s', (_, parts, tls, url) => {
    expect(absoluteLocation(route(parts), tls)).toBe(url);
  });
});

describe('sendRedirect()', () => {
  it('lets no decoded byte split the header', async () => {
    const stage = await startStage({ route: route({ location: '/a\r\nSet-Cookie: b \x01/' }) });
    const answer = await send(stage.target, '/a');
    expect(answer.header('location')).toBe('http://www.test/a%0D%0ASet-Cookie:%20b%20%01/');
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
