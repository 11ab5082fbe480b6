/** Bodies of 1 GiB pass in both directions while neither the sidecar nor the worker holds more than a little of them. */

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { descendantsOf } from '../support/descendants.ts';
import { openSocket } from '../support/raw-http.ts';
import { servedSite } from './beside-apache.ts';

const GIB = 2 ** 30;
const MOST_MORE_KIB = 64 * 1024;

const APPLICATION = `def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        total = 0
        while True:
            piece = environ["wsgi.input"].read(65536)
            if not piece:
                break
            total += len(piece)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(total).encode("ascii")]
    size = int(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(size))])
    return (b"x" * 65536 for _ in range(size // 65536))
`;

describe('a body of 1 GiB', () => {
  const served = servedSite({
    conf: 'WSGIScriptAlias / @ROOT@/apps/app.wsgi\n',
    files: { 'apps/app.wsgi': APPLICATION },
  });

  // The group's process has to be there to be watched; the sidecar stays as cold as a first body finds it.
  beforeAll(() => download(served.sidecar.port, 65_536));

  it('comes down without being held', async () => {
    const grown = watchMemory(served.sidecar.process.pid);
    expect(await download(served.sidecar.port, GIB)).toBeGreaterThanOrEqual(GIB);
    expect(grown()).toEqual([]);
  });

  it('goes up without being held', async () => {
    const grown = watchMemory(served.sidecar.process.pid);
    expect(await upload(served.sidecar.port, GIB)).toContain(String(GIB));
    expect(grown()).toEqual([]);
  });
});

/** Forgets the peaks so far; the returned function names the processes whose peak has since grown too far, in KiB. */
function watchMemory(root: number): () => readonly string[] {
  const pids = [root, ...descendantsOf(root).map(({ pid }) => pid)];
  const before = pids.map((pid) => {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return residentKib(pid, 'VmRSS');
  });
  return () =>
    pids
      .map((pid, at) => ({ pid, more: residentKib(pid, 'VmHWM') - (before[at] ?? 0) }))
      .filter(({ more }) => more > MOST_MORE_KIB)
      .map(({ pid, more }) => `${pid}: ${more} KiB more`);
}

function residentKib(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
}

async function download(port: number, size: number): Promise<number> {
  const socket = openSocket({ port });
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  socket.write(`GET /?${size} HTTP/1.1\r\nHost: big.test\r\nConnection: close\r\n\r\n`);
  await once(socket, 'close');
  return bytes;
}

async function upload(port: number, size: number): Promise<string> {
  const socket = openSocket({ port });
  let text = '';
  // What a refusal would break off shows in the text.
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const closed = once(socket, 'close');
  socket.write(`POST / HTTP/1.1\r\nHost: big.test\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`);
  const piece = Buffer.alloc(1 << 18, 'y');
  for (let sent = 0; sent < size; sent += piece.length) {
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), closed]);
  }
  await closed;
  return text;
}
