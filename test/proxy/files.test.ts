/** Files that Apache would answer itself. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, truncateSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileRoute } from '../../src/routing/route.ts';
import { type Answer, openSocket, type RequestOptions, send } from '../support/raw-http.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { type Stage, startStage, virtualHost } from './stage.ts';

const MODIFIED = new Date('2024-05-06T07:08:09Z');
const LAST_MODIFIED = 'Mon, 06 May 2024 07:08:09 GMT';

describe('sendFile()', () => {
  let folder: TemporaryFolder;
  let stage: Stage;
  /** What a route leads to in place of its path. */
  let filename: string | undefined;

  beforeEach(async () => {
    folder = makeTemporaryFolder();
    filename = undefined;
    const file = folder.write('htdocs/a.txt', '0123456789');
    utimesSync(file, MODIFIED, MODIFIED);
    folder.write('htdocs/empty.css', '');
    folder.write('htdocs/noext', 'x');
    folder.write('htdocs/sub/b.html', '<p>');
    folder.write('htdocs-other/secret', 'secret');
    folder.write('secret', 'secret');
    const root = `${folder.path}/htdocs`;
    stage = await startStage({
      route: (request): FileRoute => ({
        kind: 'file',
        virtualHost: virtualHost(),
        path: request.target,
        query: '',
        serverName: 'www.test',
        serverPort: 80,
        filename: `${root}${filename ?? request.target}`,
        root,
        access: { kind: 'granted' },
      }),
    });
  });

  afterEach(async () => {
    await stage.close();
    folder.remove();
  });

  const get = (
    path: string,
    headers: Record<string, string> = {},
    options: RequestOptions = {},
  ): Promise<Answer> => send(stage.target, path, { ...options, headers });

  it('answers what is no fault of the file or the system with 500, and counts it', async () => {
    expect((await get('/a\0b')).status).toBe(400);
    expect(stage.faults).toEqual([]);
    filename = '/a\0b';
    expect((await get('/')).status).toBe(500);
    expect(stage.faults).toEqual([1]);
  });

  it('breaks off a file that shrinks while it is sent: the next answer cannot be taken for its end', async () => {
    const file = folder.write('htdocs/long', '');
    truncateSync(file, 64 * 2 ** 20);
    const socket = openSocket(stage.target).on('error', () => {});
    const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    socket.write(request('/long') + request('/a.txt'));
    await once(socket, 'readable');
    truncateSync(file, 0);
    let heads = 0;
    socket.on('data', (bytes) => {
      heads += bytes.toString('latin1').split('HTTP/1.1 ').length - 1;
    });
    // A reset may take the first one along.
    await new Promise((resolve) => socket.once('close', resolve));
    expect(heads).toBeLessThan(2);
    expect(await stage.observed()).toMatchObject({ reason: 'internal' });
    expect(stage.faults).toEqual([]);
  });

  it('sends a file with its type, length, date and tag', async () => {
    const answer = await get('/a.txt');
    expect([answer.status, answer.text(), answer.end]).toEqual([200, '0123456789', 'length']);
    expect(answer.header('content-type')).toBe('text/plain');
    expect(answer.header('last-modified')).toBe(LAST_MODIFIED);
    expect(answer.header('etag')).toMatch(/^"[0-9a-f]+-[0-9a-f]+"$/);
    expect(await stage.observed()).toMatchObject({ status: 200, responseBytes: 10, arm: 'own' });
  });

  it('answers POST as GET, as Apache does', async () => {
    expect((await get('/a.txt', {}, { method: 'POST', body: 'form' })).text()).toBe('0123456789');
  });

  it('sends a file that an Alias names', async () => {
    const filename = `${folder.path}/secret`;
    const own = await startStage({
      route: {
        kind: 'file',
        virtualHost: virtualHost(),
        path: '/one',
        query: '',
        serverName: 'www.test',
        serverPort: 80,
        filename,
        root: filename,
        access: { kind: 'granted' },
      },
    });
    expect((await send(own.target, '/one')).text()).toBe('secret');
    await own.close();
  });

  it('sends HEAD without the body', async () => {
    const answer = await get('/a.txt', {}, { method: 'HEAD' });
    expect([answer.status, answer.header('content-length'), answer.text()]).toEqual([200, '10', '']);
  });

  it.each([
    ['/empty.css', 200, 'text/css'],
    ['/noext', 200, undefined],
    ['/sub/b.html', 200, 'text/html'],
  ])('sends %s', async (path, status, type) => {
    const answer = await get(path);
    expect([answer.status, answer.header('content-type')]).toEqual([status, type]);
  });

  it.each([
    ['/missing', 404],
    ['/a.txt/below', 404],
    ['/sub', 404],
    [`/${'n'.repeat(300)}`, 404],
  ])('answers %s with %i', async (path, status) => {
    expect((await get(path)).status).toBe(status);
  });

  it.each([['PUT'], ['DELETE'], ['OPTIONS']])('refuses %s', async (method) => {
    const answer = await get('/a.txt', {}, { method });
    expect([answer.status, answer.header('allow')]).toEqual([405, 'GET, HEAD, POST']);
  });

  it.each([
    ['out of the root', 'htdocs/out', '../secret', 403],
    ['to a folder beside it whose name begins alike', 'htdocs/beside', '../htdocs-other/secret', 403],
    ['within the root', 'htdocs/in', 'a.txt', 200],
    ['through a linked folder', 'htdocs/folder', '..', 403],
    ['to itself', 'htdocs/loop', 'loop', 403],
  ])('follows a symbolic link %s as far as the root goes', async (_, name, target, status) => {
    symlinkSync(target, `${folder.path}/${name}`);
    const path = name.slice('htdocs'.length) + (name === 'htdocs/folder' ? '/secret' : '');
    expect((await get(path)).status).toBe(status);
  });

  it('does not wait for a named pipe', async () => {
    execFileSync('mkfifo', [`${folder.path}/htdocs/pipe`]);
    expect((await get('/pipe')).status).toBe(404);
  });

  it.each([
    [{ 'If-Modified-Since': LAST_MODIFIED }, 304],
    [{ 'If-Modified-Since': 'Sun, 05 May 2024 07:08:09 GMT' }, 200],
    [{ 'If-Modified-Since': 'nonsense' }, 200],
    [{ 'If-Modified-Since': 'Fri, 31 Dec 2100 23:59:59 GMT' }, 200],
    [{ 'If-Modified-Since': '2026-01-01' }, 200],
    [{ 'If-None-Match': 'x' }, 200],
    [{ 'If-None-Match': '*' }, 304],
    [{ 'If-None-Match': '"x"' }, 200],
    [{ 'If-None-Match': '"x"', 'If-Modified-Since': LAST_MODIFIED }, 200],
  ])('answers the condition %j with %i', async (headers, status) => {
    const answer = await get('/a.txt', headers);
    expect([answer.status, answer.text()]).toEqual([status, status === 200 ? '0123456789' : '']);
  });

  it('knows its own tag, weak too, among others', async () => {
    const tag = (await get('/a.txt')).header('etag') ?? '';
    expect((await get('/a.txt', { 'If-None-Match': `"x", W/${tag}` })).status).toBe(304);
    folder.write('htdocs/a.txt', '0123456789!');
    expect((await get('/a.txt', { 'If-None-Match': tag })).status).toBe(200);
  });

  it.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=9-', 206, '9', 'bytes 9-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=-100', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=8-100', 206, '89', 'bytes 8-9/10'],
    ['bytes=5-2', 200, '0123456789', undefined],
    ['bytes=0-1,3-4', 200, '0123456789', undefined],
    ['lines=0-1', 200, '0123456789', undefined],
    ['bytes=-', 200, '0123456789', undefined],
  ])('answers the range %s with %i', async (range, status, body, contentRange) => {
    const answer = await get('/a.txt', { Range: range });
    expect([answer.status, answer.text(), answer.header('content-range')]).toEqual([
      status,
      body,
      contentRange,
    ]);
    expect(answer.header('content-length')).toBe(String(body.length));
  });

  it.each([['bytes=10-'], ['bytes=-0']])('refuses the range %s', async (range) => {
    const answer = await get('/a.txt', { Range: range });
    expect([answer.status, answer.header('content-range')]).toEqual([416, 'bytes */10']);
  });

  it('sends the whole file when If-Range names another', async () => {
    const tag = (await get('/a.txt')).header('etag') ?? '';
    const statuses = [];
    for (const condition of [tag, LAST_MODIFIED, '"x"', 'Sun, 05 May 2024 07:08:09 GMT']) {
      statuses.push((await get('/a.txt', { Range: 'bytes=0-1', 'If-Range': condition })).status);
    }
    expect(statuses).toEqual([206, 206, 200, 200]);
  });

  it('closes its files when clients leave in the middle', async () => {
    folder.write('htdocs/large', Buffer.alloc(32 * 1024 * 1024));
    const { readdirSync } = await import('node:fs');
    const { openConnection } = await import('../support/raw-http.ts');
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 5; i += 1) {
      const client = openConnection(stage.target);
      client.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.until('Content-Length: 33554432');
      client.end();
      expect(await stage.observed(i)).toMatchObject({ status: 200, aborted: true });
    }
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  });
});
