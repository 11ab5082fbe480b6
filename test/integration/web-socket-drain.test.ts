/** A WebSocket does not hold up the end of its process, and its client is told: at a reload, with real processes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { reservePort } from '../support/port.ts';
import { startProcess } from '../support/real-process.ts';
import { type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

/** Takes handshakes and says in a frame which process it is; answers all else with 200. */
const SERVER = `import base64, hashlib, os, socketserver, sys

class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        key = None
        while True:
            line = self.rfile.readline().strip()
            if not line:
                break
            name, _, value = line.partition(b': ')
            if name.lower() == b'sec-websocket-key':
                key = value
        if key is None:
            self.wfile.write(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n')
            return
        accept = base64.b64encode(hashlib.sha1(key + b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest())
        pid = str(os.getpid()).encode()
        self.wfile.write(b'HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n'
            b'Sec-WebSocket-Accept: ' + accept + b'\\r\\n\\r\\n' + bytes([0x81, len(pid)]) + pid)
        while self.rfile.read(1):
            pass

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

server = Server(('127.0.0.1', int(sys.argv[1])), Handler)
print('ready')
server.serve_forever()
`;

let folder: TemporaryFolder;
let server: string;
let sidecar: Sidecar;

beforeAll(async () => {
  folder = makeTemporaryFolder();
  server = folder.write('server.py', SERVER);
  const apache = folder.write(
    'apache.conf',
    `User www-data\nGroup www-data\nListen 80\nServerName local.test\nWSGIScriptAlias / ${folder.path}/app.wsgi\n`,
  );
  folder.write('app.wsgi', '');
  sidecar = await startSidecar({
    apache,
    as: '*:80',
    settings: { groups: { defaults: { command: ['/usr/bin/python3', server, '{port}'] } } },
  });
});

afterAll(async () => {
  await sidecar?.stop();
  folder?.remove();
});

it('is told that its process goes, and comes back to the next', async () => {
  const before = await connect();
  reload({ command: ['/usr/bin/python3', server, '{port}'], environment: { GENERATION: '2' } });
  expect(await before.closed).toBe(1001);
  const after = await connect();
  expect(after.pid).not.toBe(before.pid);
  after.socket.terminate();
});

it('is told that its server elsewhere is given up, and comes back to the next', async () => {
  const before = await connect();
  const elsewhere = [await startElsewhere(), await startElsewhere()];
  const closed = [before.closed];
  for (const { url, pid } of elsewhere) {
    reload({ url });
    expect(await closed.at(-1)).toBe(1001);
    const client = await connect();
    expect(client.pid).toBe(pid);
    closed.push(client.closed);
  }
  // To none of them.
  reload({ command: ['/usr/bin/python3', server, '{port}'] });
  expect(await closed.at(-1)).toBe(1001);
});

function reload(defaults: Readonly<Record<string, unknown>>): void {
  const settings = JSON.parse(readFileSync(sidecar.config, 'utf8'));
  writeFileSync(sidecar.config, JSON.stringify({ ...settings, groups: { defaults } }));
  process.kill(sidecar.process.pid, 'SIGHUP');
}

async function startElsewhere(): Promise<{ readonly url: string; readonly pid: string }> {
  const port = await reservePort();
  const running = startProcess('/usr/bin/python3', ['-u', server, String(port)]);
  onTestFinished(async () => void (await running.stop()));
  await running.waitForLine((line) => line === 'ready', 'the server');
  return { url: `http://127.0.0.1:${port}`, pid: String(running.pid) };
}

async function connect(): Promise<{ socket: WebSocket; pid: string; closed: Promise<number> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${sidecar.port}/chat`, { headers: { Host: 'local.test' } });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const pid = await new Promise<string>((resolve, reject) => {
    socket.once('message', (data: Buffer) => resolve(data.toString())).once('error', reject);
  });
  return { socket, pid, closed };
}
