/** The options of WSGIDaemonProcess that a group process honours by itself, as an application or the system sees them. */
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSocket } from '../support/raw-http.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { describeEachPython } from './each-python.ts';
import { startWorker, type Worker } from './worker.ts';

/** What takes long or hardly depends on the version is tried under those that differ most. */
const TELLING = ['2.7', '3.6', '3.13'];
const IS_ROOT = process.geteuid?.() === 0;

/** `/block` holds the interpreter lock in a C call, `/busy` burns seconds of CPU time, `/wait` waits in Python, `/read` reads the body. */
const SCRIPT = `
import ctypes, locale, resource, sys, threading, time
import mod_wsgi
released = []
def burn():
    for _ in range(20000):
        pass
def wait_for(limit):
    until = time.time() + limit
    while time.time() < until:
        time.sleep(0.01)
def application(environ, start_response):
    path = environ['PATH_INFO']
    text = 'done'
    if path == '/block':
        ctypes.PyDLL(None).sleep(60)
    elif path == '/busy':
        while resource.getrusage(resource.RUSAGE_SELF).ru_utime < float(environ['QUERY_STRING']):
            burn()
    elif path == '/endless':
        while not released:
            burn()
    elif path == '/release':
        released.append(True)
    elif path == '/wait':
        wait_for(60)
    elif path == '/caught':
        try:
            wait_for(60)
        except mod_wsgi.RequestTimeout as error:
            text = type(error).__module__ + '.' + type(error).__name__ + ' ' + str(isinstance(error, Exception))
    elif path == '/begun':
        start_response('200 OK', [])(b'begun')
        wait_for(60)
        return []
    elif path == '/read':
        try:
            environ['wsgi.input'].read()
        except IOError as error:
            sys.stderr.write('read failed: %s\\n' % error)
            raise
    elif path == '/interval':
        text = repr(getattr(sys, 'getswitchinterval', lambda: None)())
    elif path == '/stack':
        text = str(threading.stack_size())
    elif path == '/locale':
        text = locale.setlocale(locale.LC_ALL)
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [text.encode()]
`;

let folder: TemporaryFolder;
let worker: Worker | undefined;

beforeEach(() => {
  folder = makeTemporaryFolder('wsgi-options-');
});

afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  folder.remove();
});

function script(text = SCRIPT): string {
  return folder.write('app.wsgi', text);
}

describeEachPython('a worker', (python) => {
  const start = async (order: Record<string, unknown>): Promise<Worker> => {
    worker = await startWorker(python, { shutdownTimeout: 0.1, ...order });
    return worker;
  };

  it('writes the stacks of all threads to the log on SIGUSR2, and goes on', async () => {
    const { request, head, socketPath, signal, waitForLog } = await start({});
    const socket = openSocket({ socketPath });
    const begun = once(socket, 'data');
    socket.write(head(script(), '/begun'));
    await begun;
    signal('SIGUSR2');
    expect(await waitForLog('in application')).toContain('most recent call');
    expect((await request(script())).text()).toBe('done');
    socket.destroy();
  });

  it('ends when nobody gets the interpreter lock for deadlock-timeout', async () => {
    const { request, exited, log } = await start({ deadlockTimeout: 0.4 });
    const lost = request(script(), '/block').catch(() => undefined);
    expect(await exited).toMatchObject({ signal: 'SIGALRM' });
    if (!python.isTwo) expect(log()).toContain('app.wsgi');
    await lost;
  });

  it('raises mod_wsgi.RequestTimeout in a request that lasts, answers 504, and goes on', async () => {
    const { request, pid } = await start({ interruptAfter: 0.2 });
    const answer = await request(script(), '/wait');
    expect(answer.status).toBe(504);
    expect(answer.headers).toContainEqual(['x-sidecar-outcome', 'interrupted']);
    expect((await request(script(), '/caught')).text()).toBe('mod_wsgi.RequestTimeout False');
    expect((await request(script())).text()).toBe('done');
    expect(() => process.kill(pid, 0)).not.toThrow();
  });

  it('cuts an answer that had begun when it is interrupted', async () => {
    const { head, exchange } = await start({ interruptAfter: 0.2 });
    const answer = await exchange(head(script(), '/begun'));
    expect(answer).toMatchObject({ status: 200, end: 'cut' });
  });

  it('gives up on a body that does not come for socket-timeout', async () => {
    const { head, socketPath, waitForLog } = await start({ socketTimeout: 0.2 });
    const socket = openSocket({ socketPath });
    const options = { method: 'POST', headers: { 'content-length': '10' } };
    socket.write(`${head(script(), '/read', options)}123`);
    expect(await waitForLog('read failed')).toBeTruthy();
    socket.destroy();
  });

  it('takes the switch interval', async () => {
    const { request } = await start({ switchInterval: 0.25 });
    expect((await request(script(), '/interval')).text()).toBe(python.isTwo ? 'None' : '0.25');
  });
});

describeEachPython('a worker', (python) => {
  const isTelling = TELLING.includes(python.version);

  it.runIf(isTelling)('outlives deadlock-timeout while threads run', async () => {
    worker = await startWorker(python, { deadlockTimeout: 1 });
    expect((await worker.request(script(), '/busy?1.3')).text()).toBe('done');
  });

  it.runIf(isTelling)('says when its CPU time is over, and serves on until it is told to end', async () => {
    worker = await startWorker(python, { limits: { cpu: 1 }, shutdownTimeout: 5, gracefulTimeout: 20 });
    const { request, waitForEvent, exited } = worker;
    const path = script();
    const busy = request(path, '/endless');
    expect(await waitForEvent(({ event }) => event === 'expiring')).toMatchObject({
      reason: 'cpu_time_limit',
    });
    expect((await request(path, '/release')).text()).toBe('done');
    expect((await busy).text()).toBe('done');
    worker.signal('SIGTERM');
    expect(await exited).toMatchObject({ code: 0 });
  });
});

describeEachPython('a worker', (python) => {
  const isTelling = TELLING.includes(python.version);

  it('gives its threads the stack size, and the application’s own threads theirs', async () => {
    worker = await startWorker(python, { stackSize: 786_432, threads: 2 });
    const maps = readFileSync(`/proc/${worker.pid}/maps`, 'utf8');
    const sizes = maps.split('\n').map((line) => {
      const [, from = '0', to = '0'] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      return Number.parseInt(to, 16) - Number.parseInt(from, 16);
    });
    expect(sizes.filter((size) => size === 786_432).length).toBeGreaterThanOrEqual(2);
    expect((await worker.request(script(), '/stack')).text()).toBe('0');
  });

  it.runIf(isTelling)('refuses a stack that no thread can have', async () => {
    await expect(startWorker(python, { stackSize: 100 })).rejects.toThrow(/\\"stack-size\\" has to be/);
  });

  it.runIf(isTelling)('is known to ps by its display name, arguments and all', async () => {
    worker = await startWorker(python, { displayName: '(wsgi:a shop)' });
    const [name, ...rest] = readFileSync(`/proc/${worker.pid}/cmdline`, 'latin1').split('\0');
    expect(name).toBe('(wsgi:a shop)');
    expect(rest.join('')).toBe('');
  });

  it.runIf(isTelling)(
    'sets every category of the locale, and serves without one that is not there',
    async () => {
      worker = await startWorker(python, { locale: 'C.UTF-8' });
      expect((await worker.request(script(), '/locale')).text()).toBe('C.UTF-8');
      await worker.stop();
      worker = await startWorker(python, { locale: 'xx_YY.UTF-8' });
      expect(await worker.waitForLog('Cannot set locale "xx_YY.UTF-8"')).toBeTruthy();
    },
  );
});

// Only root can give files away.
describe.runIf(IS_ROOT)('a worker started by root', () => {
  const python = { path: '/usr/bin/python3', version: '3', isTwo: false };

  const ask = async (order: object, change: (file: string, place: string) => void): Promise<number> => {
    const place = join(folder.path, 'site');
    mkdirSync(place);
    const file = folder.write('site/app.wsgi', SCRIPT);
    chmodSync(place, 0o755);
    chmodSync(file, 0o644);
    for (const each of [place, file]) chownSync(each, 33, 33);
    change(file, place);
    worker = await startWorker(python, { ...order });
    const { status, headers } = await worker.request(file);
    if (status !== 200) expect(headers).toContainEqual(['x-sidecar-outcome', 'script-owner']);
    return status;
  };

  it.each([
    ['the right owner', { scriptUser: 'www-data' }, () => undefined, 200],
    ['another owner', { scriptUser: 'nobody' }, () => undefined, 403],
    ['a folder of another owner', { scriptUser: 'www-data' }, (_f, d) => chownSync(d, 0, 33), 403],
    ['a script that its group may write', { scriptUser: 'www-data' }, (f) => chmodSync(f, 0o664), 403],
    ['a folder that its group may write', { scriptUser: 'www-data' }, (_f, d) => chmodSync(d, 0o775), 403],
    ['a script that everybody may write', { scriptUser: 'www-data' }, (f) => chmodSync(f, 0o646), 403],
    ['the right group, which may write', { scriptGroup: 'www-data' }, (f) => chmodSync(f, 0o664), 200],
    ['another group', { scriptGroup: 'nogroup' }, () => undefined, 403],
    [
      'the right group and a folder for all',
      { scriptGroup: 'www-data' },
      (_f, d) => chmodSync(d, 0o777),
      403,
    ],
  ] as const satisfies readonly (readonly [string, object, (file: string, place: string) => void, number])[])(
    'judges a script by its owner: %s',
    async (_case, order, change, status) => {
      expect(await ask(order, change)).toBe(status);
    },
  );
});
