/**
 * Another user of the machine, and the application of another group, cannot reach, replace or read a group's socket; a group process has
 * nothing of the sidecar's: no descriptor, no variable, no privilege; command lines and logs hold no secret.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendantsOf } from '../support/descendants.ts';
import { send } from '../support/raw-http.ts';
import { type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const RUNNERS = ['builtin', 'gunicorn', 'gunicorn-sync', 'uwsgi', 'waitress'] as const;
const TOKEN = 'admin-token-that-nobody-may-see';
const SECRET = 'variable-that-nobody-may-see';
const PASSWORD = 'password-that-nobody-may-see';

/** Tells of its process, and tries as its own user what another group's socket would suffer. */
const APPLICATION = `import json, os, socket

def tries(folder, path):
    def attempt(action):
        try:
            action()
            return 'done'
        except OSError as error:
            return os.strerror(error.errno)
    return {
        'list': attempt(lambda: os.listdir(folder)),
        'connect': attempt(lambda: socket.socket(socket.AF_UNIX).connect(path)),
        'unlink': attempt(lambda: os.unlink(path)),
        'rename': attempt(lambda: os.rename(path, path + '.old')),
        'bind': attempt(lambda: socket.socket(socket.AF_UNIX).bind(folder + '/mine.sock')),
        'read': attempt(lambda: open(path).close()),
    }

def application(environ, start_response):
    if environ['QUERY_STRING'] == 'fail':
        raise RuntimeError('broken')
    status = dict(line.split(':', 1) for line in open('/proc/self/status').read().splitlines() if ':' in line)
    folder, path = (environ.get('HTTP_X_FOLDER'), environ.get('HTTP_X_PATH'))
    body = json.dumps({
        'pid': os.getpid(),
        'environ': sorted(os.environ),
        'uid': status['Uid'].split(), 'groups': status['Groups'].split(), 'capabilities': status['CapEff'].strip(),
        'tries': tries(folder, path) if folder else None,
    }).encode()
    start_response('200 OK', [('Content-Type', 'application/json'), ('Content-Length', str(len(body)))])
    return [body]
`;

type Told = {
  readonly pid: number;
  readonly environ: readonly string[];
  readonly uid: readonly string[];
  readonly groups: readonly string[];
  readonly capabilities: string;
  readonly tries: Readonly<Record<string, string>> | null;
};

const isRoot = process.getuid?.() === 0;
const DENIED = {
  list: 'Permission denied',
  connect: 'Permission denied',
  unlink: 'Permission denied',
  rename: 'Permission denied',
  bind: 'Permission denied',
  read: 'Permission denied',
};

// Without root there is one user only, and nothing to be kept apart.
describe.skipIf(!isRoot)('a machine with several users', () => {
  let folder: TemporaryFolder;
  let sidecar: Sidecar;
  let runtimeDir: string;
  const told = new Map<string, Told>();

  beforeAll(async () => {
    folder = makeTemporaryFolder();
    folder.write('app.wsgi', APPLICATION);
    const daemon = (name: string, user: string): string =>
      `WSGIDaemonProcess ${name} threads=2 user=${user}\nWSGIScriptAlias /${name} ${folder.path}/app.wsgi process-group=${name} application-group=%{GLOBAL}\n`;
    const daemons = [...RUNNERS.map((name) => daemon(name, 'www-data')), daemon('other', 'nobody')].join('');
    const conf = `User www-data\nGroup www-data\nListen 80\nServerName local.test\n${daemons}`;
    sidecar = await startSidecar({
      apache: folder.write('apache.conf', conf),
      as: '*:80',
      settings: {
        groups: Object.fromEntries(RUNNERS.map((runner) => [runner, { runner }])),
        log: { format: 'json', level: 'trace', access: true },
      },
      environment: { WSGI_SIDECAR_ADMIN_TOKEN: TOKEN, SOME_SECRET: SECRET },
    });
    const settings = readFileSync(sidecar.config, 'utf8');
    runtimeDir = /runtimeDir"?: ?"?([^",\n}]+)/.exec(settings)?.[1] ?? '';
    for (const name of [...RUNNERS, 'other']) {
      const answer = await sidecar.get('local.test', `/${name}`);
      told.set(name, JSON.parse(answer.text()) as Told);
    }
  });

  afterAll(async () => {
    await sidecar?.stop();
    folder?.remove();
  });

  it('has a runtime folder that only the sidecar may enter, and sockets that only it may use', () => {
    const stats = statSync(runtimeDir);
    expect([stats.mode & 0o777, stats.uid]).toEqual([0o700, process.getuid?.()]);
    const sockets = readdirSync(runtimeDir).filter((name) => name.endsWith('.sock'));
    expect(sockets.length).toBeGreaterThanOrEqual(RUNNERS.length);
    for (const name of sockets) {
      const { mode, uid } = statSync(join(runtimeDir, name));
      expect([name, mode & 0o777, uid]).toEqual([name, 0o600, process.getuid?.()]);
      // No part of it is anything that a client or a configuration says.
      expect(name).toMatch(/^[0-9a-f]{12}-[0-9a-z]+-[0-9a-z]+\.sock$/);
    }
  });

  it('keeps the application of another group from a socket', async () => {
    const socket = readdirSync(runtimeDir).find((name) => name.endsWith('.sock')) ?? '';
    const headers = { 'X-Folder': runtimeDir, 'X-Path': join(runtimeDir, socket) };
    const answer = await sidecar.get('local.test', '/other', { headers });
    const { uid, tries } = JSON.parse(answer.text()) as Told;
    expect(uid).toEqual(Array(4).fill(String(nobody())));
    expect(tries).toEqual(DENIED);
    expect((await sidecar.get('local.test', '/builtin')).status).toBe(200);
  });

  it('keeps another user from a socket', () => {
    const socket = join(runtimeDir, readdirSync(runtimeDir).find((name) => name.endsWith('.sock')) ?? '');
    const script = `${APPLICATION}\nimport sys\nprint(json.dumps(tries(sys.argv[1], sys.argv[2])))`;
    const words = [
      '--reuid',
      String(nobody()),
      '--regid',
      '65534',
      '--clear-groups',
      '/usr/bin/python3',
      '-c',
      script,
    ];
    const printed = execFileSync('setpriv', [...words, runtimeDir, socket], { encoding: 'utf8' });
    expect(JSON.parse(printed)).toEqual(DENIED);
  });

  it.each([...RUNNERS, 'other'])('has nothing of the sidecar in a process of %s', (name) => {
    const process_ = told.get(name) as Told;
    expect(process_.environ.filter((key) => !ALLOWED.has(key) && !key.startsWith('UWSGI_'))).toEqual([]);
    expect(new Set(process_.uid).size).toBe(1);
    expect(process_.uid).not.toContain('0');
    expect(process_.groups).not.toContain('0');
    expect(process_.capabilities).toBe('0000000000000000');
    const inherited = [...openFiles(process_.pid)].filter((file) => openFiles(sidecar.process.pid).has(file));
    expect(inherited).toEqual([]);
    // uWSGI marks its listening socket and those of its requests, but not the end of its own signals.
    expect(passedOn(process_.pid).length).toBeLessThanOrEqual(name === 'uwsgi' ? 1 : 0);
  });

  it('shows no secret in command lines or in the log', async () => {
    const headers = { Authorization: `Basic ${PASSWORD}`, Cookie: `session=${PASSWORD}` };
    await sidecar.get('local.test', `/builtin?fail&token=${PASSWORD}`, { headers });
    await sidecar.get('local.test', '/builtin?fail', { headers });
    await sidecar.get('local.test', `/builtin?token=${PASSWORD}`, { method: 'TRACE', headers });
    await send(sidecar.admin, '/api/groups', {
      headers: { Host: '127.0.0.1', Authorization: `Bearer ${TOKEN}` },
    });
    await sidecar.process.waitForLine((line) => line.includes('RuntimeError: broken'), 'the traceback');
    const pids = [sidecar.process.pid, ...descendantsOf(sidecar.process.pid).map(({ pid }) => pid)];
    const lines = pids.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1')).join('\n');
    for (const secret of [TOKEN, SECRET, PASSWORD]) {
      expect(lines).not.toContain(secret);
      expect(sidecar.log()).not.toContain(secret);
    }
  });
});

/** What `environment.ts` lets through or makes, and what the launcher sets. */
const ALLOWED: ReadonlySet<string> = new Set([
  'PATH',
  'LANG',
  'LANGUAGE',
  'TZ',
  'HOME',
  'USER',
  'LOGNAME',
  'PYTHONCOERCECLOCALE',
  'PYTHONUTF8',
  'PYTHONIOENCODING',
]);

function nobody(): number {
  return Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));
}

/** Sockets and pipes beyond the standard three that programs which it starts would inherit (`O_CLOEXEC` is 02000000). */
function passedOn(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const link = readlinkSync(`/proc/${pid}/fd/${fd}`);
      const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0';
      const isKept = (Number.parseInt(flags, 8) & 0o2000000) !== 0;
      return Number(fd) < 3 || isKept || !/^(?:socket|pipe):/.test(link) ? [] : [`${fd} ${link}`];
    } catch {
      return [];
    }
  });
}

/** Sockets, pipes and files that a process has open, by the kernel's names for them. */
function openFiles(pid: number): ReadonlySet<string> {
  const folder = `/proc/${pid}/fd`;
  const links = readdirSync(folder).flatMap((fd) => {
    try {
      return [readlinkSync(join(folder, fd))];
    } catch {
      return [];
    }
  });
  return new Set(links.filter((link) => link !== '/dev/null' && !link.startsWith('anon_inode:')));
}
