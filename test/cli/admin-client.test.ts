import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type AdminPlace, askAdmin, commandAdmin, queryAdmin } from '../../src/cli/admin-client.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

let server: Server | undefined;
afterEach(() => server?.close().closeAllConnections());

type Asked = { readonly method: string | undefined; readonly token: string | undefined };

/** An admin listener that gives one answer. */
async function answering(status: number, body: string, path?: string): Promise<[AdminPlace, Asked[]]> {
  const asked: Asked[] = [];
  server = createServer(({ method, headers }, response) => {
    asked.push({ method, token: headers.authorization });
    response.writeHead(status).end(body);
  });
  const listening = server;
  await new Promise<void>((resolve) => {
    if (path === undefined) listening.listen(0, '127.0.0.1', resolve);
    else listening.listen(path, resolve);
  });
  if (path !== undefined) return [{ listen: { kind: 'unix', path } }, asked];
  const { port } = listening.address() as AddressInfo;
  return [{ listen: { kind: 'tcp', host: '127.0.0.1', port }, token: 'secret' }, asked];
}

describe('queryAdmin()', () => {
  it('shows the token', async () => {
    const [place, asked] = await answering(200, '{"groups":[]}');
    expect(await queryAdmin(place, '/api/groups')).toEqual({ groups: [] });
    expect(asked).toEqual([{ method: 'GET', token: 'Bearer secret' }]);
  });

  it('asks on a Unix socket', async () => {
    const folder = makeTemporaryFolder();
    const [place] = await answering(200, '{}', `${folder.path}/admin.sock`);
    expect(await queryAdmin(place, '/')).toEqual({});
    folder.remove();
  });

  it.each([
    [401, '{"detail":"Wanted a token"}', /WSGI_SIDECAR_ADMIN_TOKEN/],
    [404, '{"detail":"There is no such path"}', /There is no such path/],
    [200, undefined, /No sidecar answers/],
    [502, '<html>', /is no sidecar \(status 502\)/],
  ])('says what to do after status %s with %j', async (status, body, said) => {
    const [place] = await answering(status, body ?? '');
    if (body === undefined) await new Promise((resolve) => server?.close(resolve));
    await expect(queryAdmin(place, '/')).rejects.toMatchObject({
      code: 'ERR_ADMIN',
      message: expect.stringMatching(said),
    });
  });
});

describe('askAdmin()', () => {
  it('is content with no answer', async () => {
    const [place] = await answering(401, '{}');
    expect(await askAdmin(place, '/')).toBeUndefined();
    await new Promise((resolve) => server?.close(resolve));
    expect(await askAdmin(place, '/')).toBeUndefined();
  });
});

describe('commandAdmin()', () => {
  it('posts, and tells what was not done apart from what could not be said', async () => {
    const [place, asked] = await answering(409, '{"detail":"It broke"}');
    expect(await commandAdmin(place, '/api/reload')).toEqual({
      kind: 'refused',
      problem: { detail: 'It broke' },
    });
    expect(asked[0]?.method).toBe('POST');
  });
});
