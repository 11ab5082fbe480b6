import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { send } from '../support/raw-http.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { describeEachPython } from './each-python.ts';
import { type Launched, launch } from './launcher.ts';

const IS_ROOT = process.geteuid?.() === 0;
/** Root's pyenv is closed to others; Debian's own is open to all. */
const SYSTEM_PYTHON = '/usr/bin/python3';

const SHOWS = `
# -*- coding: utf-8 -*-
import json, os, resource, subprocess, sys
def application(environ, start_response):
    start_response('200 OK', [])
    script = 'import os,sys; sys.stdout.write(" ".join(sorted(os.listdir("/proc/self/fd"))))'
    shown = {
        'pid': os.getpid(), 'uid': os.getresuid(), 'gid': os.getresgid(), 'groups': os.getgroups(),
        'cwd': os.getcwd(), 'env': dict(os.environ), 'argv': sys.argv, 'path': sys.path,
        'umask': os.umask(0o022), 'nice': os.nice(0),
        'data': resource.getrlimit(resource.RLIMIT_DATA), 'cpu': resource.getrlimit(resource.RLIMIT_CPU),
        'stdin': os.readlink('/proc/self/fd/0'),
        'child_fds': subprocess.Popen([sys.executable, '-c', script], close_fds=False,
                                      stdout=subprocess.PIPE).communicate()[0].decode(),
    }
    return [json.dumps(shown).encode()]
`;

let folder: TemporaryFolder;
let launched: Launched | undefined;

beforeEach(() => {
  folder = makeTemporaryFolder('launcher-');
});

afterEach(async () => {
  await launched?.stop();
  launched = undefined;
  folder.remove();
});

function order(more: object = {}): object {
  return {
    socket: join(folder.path, 'w.sock'),
    backlog: 10,
    threads: 2,
    pythonPath: [],
    processGroup: '',
    applicationGroup: 'launcher.test|/',
    mode: 'embedded',
    multithread: true,
    multiprocess: false,
    imports: [],
    scriptReloading: true,
    modWsgiVersion: [4, 9, 4],
    shutdownTimeout: 1,
    allowRoot: true,
    ...more,
  };
}

async function start(python: string, more: object = {}): Promise<Launched> {
  launched = launch(python, order(more));
  await launched.waitFor('ready');
  return launched;
}

/** What an application sees of its process. */
async function look(): Promise<Record<string, unknown>> {
  const script = folder.write('shows.wsgi', SHOWS);
  const mount = JSON.stringify({ SCRIPT_FILENAME: script, 'mod_wsgi.callable_object': 'application' });
  const request = JSON.stringify({
    SCRIPT_NAME: '',
    PATH_INFO: '/',
    REQUEST_METHOD: 'GET',
    QUERY_STRING: '',
  });
  const headers = { 'x-sidecar-mount': mount, 'x-sidecar-request': request };
  const answer = await send({ socketPath: join(folder.path, 'w.sock') }, '/', { headers });
  return JSON.parse(answer.text()) as Record<string, unknown>;
}

describeEachPython('launcher.py', (python) => {
  it('binds a private socket, says its steps, and serves', async () => {
    const { events } = await start(python.path);
    expect(statSync(join(folder.path, 'w.sock')).mode & 0o777).toBe(0o600);
    expect(events.filter(({ event }) => event === 'step').map(({ step }) => step)).toEqual([
      'sources',
      'socket',
      'identity',
      'limits',
      'chroot',
      'privileges',
      'home',
      'python-path',
      'worker',
    ]);
    const shown = await look();
    expect(shown).toMatchObject({ cwd: '/', argv: ['mod_wsgi'], stdin: '/dev/null' });
  });

  it('shows neither its own folder nor its descriptors to applications and their children', async () => {
    await start(python.path);
    const shown = await look();
    expect((shown.path as string[]).filter((entry) => existsSync(join(entry, 'launcher.py')))).toEqual([]);
    // 0 to 2 and the one that reads the folder: no control pipe, no listener, no lifeline.
    expect(shown.child_fds).toBe('0 1 2 3');
  });

  it('adds python paths with their .pth files, and puts them first', async () => {
    const site = join(folder.path, 'sité');
    mkdirSync(join(site, 'more'), { recursive: true });
    writeFileSync(join(site, 'more.pth'), 'more\n');
    // Python 3.6 would show the name in pieces under the C locale.
    const more = { pythonPath: [Buffer.from(site).toString('latin1')] };
    launched = launch(python.path, order(more), { LC_ALL: 'C.UTF-8' });
    await launched.waitFor('ready');
    const path = (await look()).path as string[];
    expect(path.slice(0, 2)).toEqual([site, join(site, 'more')]);
  });

  it('writes nothing beside its sources, and lets applications have their bytecode', async () => {
    const sources = join(folder.path, 'sources');
    const filter = (file: string): boolean => !/__pycache__|\.pyc$/.test(file);
    cpSync(join(packageRoot(), 'src/python'), sources, { recursive: true, filter });
    const known = readdirSync(sources);
    folder.write('site/part.py', 'name = 1\n');
    const script = folder.write('parted.wsgi', 'import part\napplication = None\n');
    const pythonPath = [join(folder.path, 'site')];
    launched = launch(
      python.path,
      order({ pythonPath, imports: [{ script, callableObject: 'application' }] }),
      {},
      sources,
    );
    await launched.waitFor('ready');
    expect(readdirSync(sources).filter((name) => name !== '__pycache__')).toEqual(known);
    expect(readdirSync(join(folder.path, 'site'))).toContain(python.isTwo ? 'part.pyc' : '__pycache__');
  });

  it('ends with 78 and the step when a step fails', async () => {
    writeFileSync(join(folder.path, 'w.sock'), 'somebody else’s');
    launched = launch(python.path, order());
    const failure = await launched.waitFor('boot-failed');
    expect(failure).toMatchObject({ step: 'socket', message: expect.stringContaining('remove it by hand') });
    expect(await launched.exited).toBe(78);
    expect(readFileSync(join(folder.path, 'w.sock'), 'utf8')).toBe('somebody else’s');
  });

  it('ends in silence when nobody gives an order', async () => {
    launched = launch(python.path, {});
    const silent = launch(python.path, {});
    launched.child.kill('SIGKILL');
    silent.child.stdin?.end();
    expect(await silent.exited).toBe(78);
  });

  it('names a home that is not there', async () => {
    launched = launch(python.path, order({ home: '/nowhere' }));
    const { step, message } = await launched.waitFor('boot-failed');
    expect(step).toBe('home');
    expect(message).toContain('Cannot enter home "/nowhere" as user');
  });
});

describe('launcher.py', () => {
  it('replaces its own stale socket', async () => {
    const first = launch(SYSTEM_PYTHON, order());
    await first.waitFor('ready');
    first.child.kill('SIGKILL');
    await first.exited;
    expect(existsSync(join(folder.path, 'w.sock'))).toBe(true);
    await start(SYSTEM_PYTHON);
    expect((await look()).pid).toBe(launched?.child.pid);
  });

  it('leaves the socket of a process that listens', async () => {
    await start(SYSTEM_PYTHON);
    const second = launch(SYSTEM_PYTHON, order());
    expect(await second.waitFor('boot-failed')).toMatchObject({
      step: 'socket',
      message: expect.stringContaining('Another process listens on'),
    });
    await second.exited;
    expect((await look()).pid).toBe(launched?.child.pid);
  });

  it('refuses a socket path that the system would cut', async () => {
    launched = launch(SYSTEM_PYTHON, order({ socket: `/tmp/${'x'.repeat(103)}` }));
    expect(await launched.waitFor('boot-failed')).toMatchObject({
      step: 'socket',
      message: expect.stringContaining('has 108 bytes, 107 are possible'),
    });
  });

  it('applies limits, priority and umask', async () => {
    await start(SYSTEM_PYTHON, { limits: { data: 2 ** 31, cpu: 500 }, nice: 5, umask: '0027' });
    expect(await look()).toMatchObject({
      data: [2 ** 31, 2 ** 31],
      // mod_wsgi: one second and shutdown-timeout later comes SIGKILL.
      cpu: [500, 502],
      nice: 5,
      umask: 0o027,
    });
  });

  it('shows the display name to ps', async () => {
    const { child } = await start(SYSTEM_PYTHON, { displayName: '(wsgi:shop)' });
    expect(readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toBe('(wsgi:shop)\n');
  });

  it('writes each printed line at once', async () => {
    const script = folder.write('talks.wsgi', 'print("first line")\napplication = None\n');
    launched = launch(SYSTEM_PYTHON, order({ imports: [{ script, callableObject: 'application' }] }));
    const output = new Promise<string>((resolve) => {
      launched?.child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });
    expect(await output).toContain('first line');
  });
});

// Only root can become somebody else.
describe.runIf(IS_ROOT)('launcher.py started by root', () => {
  it('becomes the user for good, with the groups of that user only', async () => {
    const { child } = await start(SYSTEM_PYTHON, { user: 'www-data', allowRoot: false });
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1];
    expect(field('Uid')).toBe('33\t33\t33\t33');
    expect(field('Gid')).toBe('33\t33\t33\t33');
    expect(field('Groups')).toBe('33');
    expect(field('CapEff')).toBe('0000000000000000');
    expect(field('CapPrm')).toBe('0000000000000000');
    expect(await look()).toMatchObject({
      cwd: '/var/www',
      env: { HOME: '/var/www', USER: 'www-data', LOGNAME: 'www-data' },
    });
  });

  it('takes another group and the supplementary groups that are named', async () => {
    await start(SYSTEM_PYTHON, {
      user: '#65534',
      group: 'www-data',
      supplementaryGroups: ['nogroup', '#12'],
    });
    expect(await look()).toMatchObject({
      uid: [65534, 65534, 65534],
      gid: [33, 33, 33],
      groups: [12, 33, 65534],
    });
  });

  it('serves from code that the user may not read', async () => {
    await start(SYSTEM_PYTHON, { user: 'nobody' });
    expect((await look()).uid).toEqual([65534, 65534, 65534]);
    expect(statSync(join(folder.path, 'w.sock')).uid).toBe(0);
  });

  it.each([
    ['root by name', { user: 'root', allowRoot: true }],
    ['root by number', { user: '#0', allowRoot: true }],
    ['nobody at all', { allowRoot: false }],
  ])('refuses %s', async (_case, more) => {
    launched = launch(SYSTEM_PYTHON, order(more));
    expect(await launched.waitFor('boot-failed')).toMatchObject({
      step: 'identity',
      message: expect.stringContaining('Refusing to run applications as root'),
    });
  });

  it('runs scripts inside of a root of their own, as another user', async () => {
    const jail = join(folder.path, 'jail');
    mkdirSync(join(jail, 'srv'), { recursive: true });
    for (const each of [folder.path, jail]) chmodSync(each, 0o755);
    const script = folder.write(
      'jail/srv/app.wsgi',
      `def application(environ, start_response):
    import os
    start_response('200 OK', [])
    seen = [environ['SCRIPT_FILENAME'], environ['DOCUMENT_ROOT'], __file__, os.getcwd(), str(os.getuid())]
    return [' '.join(seen + sorted(os.listdir('/'))).encode()]
`,
    );
    await start(SYSTEM_PYTHON, { user: 'www-data', chroot: jail, home: '/srv' });
    const entries = { SCRIPT_FILENAME: script, DOCUMENT_ROOT: `${jail}/srv` };
    const mount = JSON.stringify({ ...entries, 'mod_wsgi.callable_object': 'application' });
    const request = JSON.stringify({ SCRIPT_NAME: '', PATH_INFO: '/', QUERY_STRING: '' });
    const headers = { 'x-sidecar-mount': mount, 'x-sidecar-request': request };
    const answer = await send({ socketPath: join(folder.path, 'w.sock') }, '/', { headers });
    expect(answer.text()).toBe('/srv/app.wsgi /srv /srv/app.wsgi /srv 33 srv');
  });

  it('enters a home that only the user may enter', async () => {
    const home = join(folder.path, 'home');
    mkdirSync(home);
    chmodSync(home, 0o700);
    launched = launch(SYSTEM_PYTHON, order({ user: 'nobody', home }));
    const { message } = await launched.waitFor('boot-failed');
    expect(message).toContain(`Cannot enter home "${home}" as user 65534`);
  });
});
