/** What an application sees does not depend on the server that runs it: each runner beside the built-in worker. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSite, type Site } from '../support/apache.ts';
import { exchange } from '../support/raw-http.ts';
import { type Sidecar, startSidecarFor } from '../support/sidecar.ts';
import { type Case, CONF, DUMP, environOf, REACHING, request } from './environ-cases.ts';

const RUNNERS = ['gunicorn', 'gunicorn-sync', 'uwsgi', 'waitress'];

const CASES: readonly Case[] = [
  ...REACHING,
  { name: 'many headers', bytes: request('GET /embedded HTTP/1.1', manyHeaders()) },
  { name: 'a long target', bytes: request(`GET /embedded/${'a'.repeat(7_000)} HTTP/1.1`) },
  {
    name: 'Expect',
    bytes: request('POST /embedded HTTP/1.1', ['Expect: 100-continue', 'Content-Length: 5'], 'hello'),
  },
];

function manyHeaders(): string[] {
  return Array.from({ length: 90 }, (_, i) => `X-Header-${i}: ${'v'.repeat(50)}`);
}

describe('the environ under another runner', () => {
  let site: Site;
  const sidecars = new Map<string, Sidecar>();

  beforeAll(async () => {
    site = await makeSite({ conf: CONF, files: { 'apps/dump.wsgi': DUMP } });
    const start = async (runner: string): Promise<void> => {
      const settings = { groups: { defaults: { runner } } };
      sidecars.set(runner, await startSidecarFor(site, settings));
    };
    await Promise.all(['builtin', ...RUNNERS].map(start));
  });

  afterAll(async () => {
    await Promise.all([...sidecars.values()].map((sidecar) => sidecar.stop()));
    site?.folder.remove();
  });

  const ask = async (runner: string, { bytes }: Case): ReturnType<typeof exchange> => {
    const sidecar = sidecars.get(runner) as Sidecar;
    return await exchange({ port: sidecar.port }, bytes, bytes.slice(0, bytes.indexOf(' ')));
  };

  describe.each(RUNNERS)('%s', (runner) => {
    it.each(CASES)('is that of the built-in worker: $name', async (one) => {
      const [expected, actual] = [await ask('builtin', one), await ask(runner, one)];
      expect(actual.status).toBe(expected.status);
      const threads = runner === 'gunicorn-sync' ? { 'wsgi.multithread': false } : {};
      expect(environOf(actual)).toEqual({ ...environOf(expected), ...threads });
      expect(actual.body.length === 0).toBe(expected.body.length === 0);
    });
  });
});
