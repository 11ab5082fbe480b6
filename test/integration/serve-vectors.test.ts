/** Recorded scenarios through a running sidecar: `npm run vectors:serve` plays all of them, these are the ones with the most in them. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import type { RecordedRequest } from '../run/play-vectors.ts';
import { expectedHere, serveScenario } from '../run/serve-vectors-scenario.ts';

const vectors = join(packageRoot(), 'test', 'vectors');

describe('serveScenario()', () => {
  it.each(['s01-vhost-names', 's03-alias', 's06-scopes', 's11-dispatch', 's13-blog-embedded-server'])(
    'agrees with Apache in every request of %s',
    async (name) => {
      const { total, match, mismatches } = await serveScenario(join(vectors, name));
      expect(mismatches).toEqual([]);
      expect(match).toBe(total);
      expect(total).toBeGreaterThan(0);
    },
    120_000,
  );

  it.each(['s01-vhost-names', 's03-alias', 's06-scopes', 's11-dispatch', 's13-blog-embedded-server'])(
    'agrees with Apache in every request of %s, run from what convert makes of it',
    async (name) => {
      const { total, match, mismatches } = await serveScenario(join(vectors, name), true);
      expect(mismatches).toEqual([]);
      expect(match).toBe(total);
    },
    120_000,
  );
});

describe('expectedHere()', () => {
  const recorded = (requestLine: string, status = 200): RecordedRequest => ({
    id: 'a',
    connectPort: 80,
    requestLine,
    headers: [],
    status,
    handledBy: 'wsgi',
  });

  it.each([
    ['GET /a%20b HTTP/1.1', 200],
    ['GET /a HTTP/2.0', 505],
    ['PROPFIND /a HTTP/1.0', 200],
    ['GET http://a/b HTTP/1.1', 200],
    ['GET /\xe6 HTTP/1.1', 200],
    ['FOO /a HTTP/1.2', 200],
    ['GET http:/a HTTP/1.1', 200],
    ['CONNECT a:80 HTTP/1.1', 405],
  ])('awaits for %j the status %i', (line, status) => {
    expect(expectedHere(recorded(line)).status).toBe(status);
  });
});
