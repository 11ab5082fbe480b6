/** Scripts as mod_wsgi loads them, the environ as mod_wsgi builds it, and what becomes of scripts that fail. */
import { createHash } from 'node:crypto';
import { utimesSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { describeEachPython } from './each-python.ts';
import { fixture, startWorker, type Worker, type WorkerRequest } from './worker.ts';

const ANSWERS_NAME = `
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [NAME]
`;

const RESTRICTED = `
import signal, sys
def said(stream):
    try:
        return stream.read
    except IOError as error:
        return str(error)
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    said_all = [said(sys.stdin), said(sys.stdout), str('Intercept' in type(signal.signal).__name__)]
    return [', '.join(said_all).encode('ascii')]
`;

/** The child's handler decides its status. */
const FORKS = `
import os, signal
def application(environ, start_response):
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGUSR1, lambda number, frame: os._exit(7))
        os.kill(os.getpid(), signal.SIGUSR1)
        while True:
            signal.pause()
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [str(os.waitpid(pid, 0)[1] >> 8).encode('ascii')]
`;

/** As multiprocessing.Process.terminate() does. */
const TERMINATES = `
import os, signal, time
def application(environ, start_response):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, b'x')
    while pid == 0:
        time.sleep(0.1)
    # A signal that comes within fork() itself is lost by Python.
    os.read(read, 1)
    os.kill(pid, signal.SIGTERM)
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'ended' if os.waitpid(pid, 0)[1] else b'went on']
`;

/** Uses names of its module before and after another one has come. */
const LASTING = `
import os, sys, time
NAME = b'old'
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    yield NAME
    sys.stderr.write('the first block was taken\\n')
    while not os.path.exists(__file__ + '.go'):
        time.sleep(0.01)
    yield b' ' + NAME
`;

function naming(name: string): string {
  return `NAME = b'${name}'\n${ANSWERS_NAME}`;
}

/** Times far apart, in both directions: the rule is "another mtime", not "a newer one". */
function setTime(path: string, seconds: number): void {
  utimesSync(path, seconds, seconds);
}

describeEachPython('a group', (python) => {
  let folder: TemporaryFolder;
  let embedded: Worker;
  let daemon: Worker;
  beforeAll(async () => {
    folder = makeTemporaryFolder();
    [embedded, daemon] = await Promise.all([
      startWorker(python),
      startWorker(python, {
        mode: 'daemon',
        threads: 2,
        multiprocess: true,
        processGroup: 'pool',
        imports: [
          { script: fixture('hello'), callableObject: 'application' },
          { script: fixture('raises_at_import'), callableObject: 'application' },
        ],
      }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([embedded.stop(), daemon.stop()]);
    folder.remove();
  });

  describe('with the environ of mod_wsgi', () => {
    const environOf = async (worker: Worker, options: WorkerRequest = {}): Promise<Record<string, unknown>> =>
      JSON.parse((await worker.request(fixture('echo_environ'), '/p?q=1', options)).text());

    it('shows what the order and the headers say', async () => {
      expect(await environOf(embedded)).toMatchObject({
        SCRIPT_NAME: '/app',
        PATH_INFO: '/p',
        QUERY_STRING: 'q=1',
        REQUEST_URI: '/app/p?q=1',
        SERVER_PORT: '8080',
        'wsgi.version': [1, 0],
        'wsgi.url_scheme': 'http',
        'wsgi.multithread': true,
        'wsgi.multiprocess': false,
        'wsgi.run_once': false,
        'wsgi.input_terminated': true,
        'mod_wsgi.version': [4, 9, 4],
        'mod_wsgi.process_group': '',
        'mod_wsgi.application_group': 'main.test|/app',
        'mod_wsgi.callable_object': 'application',
        'mod_wsgi.request_handler': 'wsgi-script',
        'mod_wsgi.handler_script': '',
        'mod_wsgi.script_reloading': '1',
      });
    });

    it('tells daemon mode from embedded mode', async () => {
      const daemonKeys = Object.keys(await environOf(daemon)).filter((name) => name.startsWith('mod_wsgi.'));
      const embeddedKeys = Object.keys(await environOf(embedded)).filter((name) =>
        name.startsWith('mod_wsgi.'),
      );
      expect(daemonKeys.filter((name) => !embeddedKeys.includes(name)).sort()).toEqual([
        'mod_wsgi.daemon_connects',
        'mod_wsgi.daemon_restarts',
        'mod_wsgi.daemon_start',
        'mod_wsgi.queue_start',
      ]);
      expect(await environOf(daemon)).toMatchObject({
        'wsgi.multiprocess': true,
        'mod_wsgi.process_group': 'pool',
      });
    });

    it('counts requests and names threads', async () => {
      const first = await environOf(embedded);
      const second = await environOf(embedded);
      expect(Number(second['mod_wsgi.total_requests'])).toBe(Number(first['mod_wsgi.total_requests']) + 1);
      expect([1, 2, 3, 4]).toContain(second['mod_wsgi.thread_id']);
      expect(second['mod_wsgi.script_start']).toMatch(/^\d{16}$/);
    });

    it('lets entries of the request win over those of the mount, and headers over SetEnv', async () => {
      const environ = await environOf(embedded, {
        headers: { 'X-Both': 'header' },
        mount: { HTTP_X_BOTH: 'mount', HTTP_X_MOUNT: 'mount', REMOTE_USER: 'mount' },
        entries: { REMOTE_USER: 'request', 'mod_wsgi.request_start': '1' },
      });
      expect(environ).toMatchObject({
        HTTP_X_BOTH: 'header',
        HTTP_X_MOUNT: 'mount',
        REMOTE_USER: 'request',
        'mod_wsgi.request_start': '1',
      });
    });

    it('takes away what the entry without a name lists', async () => {
      const environ = await environOf(embedded, {
        headers: { 'X-A': '1', 'X-B': '2', 'X-C': '3' },
        entries: { '': 'HTTP_X_A HTTP_X_C HTTP_X_NONE' },
      });
      expect(environ).toMatchObject({ HTTP_X_B: '2' });
      for (const name of ['HTTP_X_A', 'HTTP_X_C', '']) expect(Object.keys(environ)).not.toContain(name);
    });

    it('turns HTTPS into the scheme, and removes PATH', async () => {
      const environ = await environOf(embedded, { mount: { HTTPS: 'On', PATH: '/bin' } });
      expect(environ['wsgi.url_scheme']).toBe('https');
      expect(environ).not.toHaveProperty('HTTPS');
      expect(environ).not.toHaveProperty('PATH');
    });

    it('keeps bytes that are no ASCII as latin-1', async () => {
      const environ = await environOf(embedded, { entries: { PATH_INFO: '/\u00e6\u0097\u00a5' } });
      expect(environ.PATH_INFO).toBe('/\u00e6\u0097\u00a5');
    });
  });

  describe('loading a script', () => {
    it('names its module as mod_wsgi does', async () => {
      const script = fixture('echo_environ');
      const environ = JSON.parse((await embedded.request(script)).text());
      const digest = createHash('md5').update(script.toLowerCase()).digest('hex');
      expect([environ.__name__, environ.__file__]).toEqual([`_mod_wsgi_${digest}`, script]);
    });

    it('loads it once for all its mounts, and tells the sidecar', async () => {
      const script = folder.write(
        'once.py',
        `import time\nNAME = repr(time.time()).encode('ascii')\n${ANSWERS_NAME}`,
      );
      const answers = await Promise.all(
        ['/one', '/two', '/three'].map((mount) => embedded.request(script, '/', { mount: { X: mount } })),
      );
      expect(new Set(answers.map((answer) => answer.text())).size).toBe(1);
      await embedded.waitForEvent((event) => event.event === 'imported' && event.script === script);
    });

    it('honours the encoding that the source declares', async () => {
      expect((await embedded.request(fixture('latin1_source'))).text()).toBe('caf\u00e9');
    });

    it('finds scripts whose names are no ASCII', async () => {
      const script = folder.write('\u65e5\u672c.py', naming('found'));
      const answer = await embedded.request(Buffer.from(script).toString('latin1'));
      expect(answer.text()).toBe('found');
    });

    it('gives the module mod_wsgi and takes no signal handlers', async () => {
      const answer = await embedded.request(fixture('sets_signals'));
      expect(answer.text()).toBe(' main.test|/app (4, 9, 4)');
      expect(await embedded.waitForLog('printed at import')).toContain('signal 15 ignored');
    });

    it('leaves signals, and takes away streams, where the order says so', async () => {
      const worker = await startWorker(python, {
        restrictSignal: false,
        restrictStdin: true,
        restrictStdout: true,
      });
      const script = folder.write('restricted.py', RESTRICTED);
      const answer = await worker.request(script);
      expect(answer.text()).toBe(
        'sys.stdin access restricted by mod_wsgi, sys.stdout access restricted by mod_wsgi, False',
      );
      await worker.stop();
    });

    it('leaves the signals of child processes to them', async () => {
      const script = folder.write('forks.py', FORKS);
      expect((await embedded.request(script)).text()).toBe('7');
    });

    it('goes on serving when a child process that it forked is terminated', async () => {
      const script = folder.write('terminates.py', TERMINATES);
      expect((await embedded.request(script)).text()).toBe('ended');
      expect((await embedded.request(script)).text()).toBe('ended');
    });

    it('says ready after the imports of the order', () => {
      const ready = daemon.events.find((event) => event.event === 'ready');
      expect(ready).toMatchObject({
        pid: daemon.pid,
        imported: [fixture('hello')],
        failed: [fixture('raises_at_import')],
      });
      expect(String(ready?.python)).toMatch(new RegExp(`^${python.version.replace('.', '\\.')}`));
    });
  });

  describe('when a script cannot be served', () => {
    it.each([
      ['it is missing', '/nowhere/app.py', 404, 404, 'script-missing'],
      ['its name cannot be one', '/tmp/a\0b', 404, 404, 'script-missing'],
      ['it is a folder', '/tmp', 403, 403, 'script-directory'],
      ['it has no such callable', fixture('no_application'), 404, 500, 'no-callable'],
      ['it calls sys.exit', fixture('exits_at_import'), 500, 500, 'import-failed'],
      ['it raises', fixture('raises_at_import'), 500, 500, 'import-failed'],
      ['it does not parse', fixture('syntax_error'), 500, 500, 'import-failed'],
    ])('answers as mod_wsgi: %s', async (_why, script, inEmbedded, inDaemon, outcome) => {
      const answers = [await embedded.request(script), await daemon.request(script)];
      expect(answers.map((answer) => answer.status)).toEqual([inEmbedded, inDaemon]);
      expect(answers.map((answer) => answer.header('x-sidecar-outcome'))).toEqual([outcome, outcome]);
      expect((await embedded.request(fixture('hello'))).status).toBe(200);
    });

    it('tells why, with the traceback, on the control pipe and in the log', async () => {
      const script = fixture('raises_at_import');
      await embedded.request(script);
      const event = await embedded.waitForEvent(
        (each) => each.event === 'import-failed' && each.script === script,
      );
      expect(event.message).toBe('RuntimeError: no settings');
      expect(event.traceback).toMatch(/^Traceback[^\n]*\n {2}File "[^"]*raises_at_import\.py", line 2/);
      expect(await embedded.waitForLog('RuntimeError: no settings')).toContain('Cannot import script');
    });

    it('names scripts as they are called, in the C locale too', async () => {
      const file = folder.write('käse.wsgi', 'raise ValueError("an import")\n');
      const raising = folder.write('süß.wsgi', 'def application(*all):\n    raise ValueError("a request")\n');
      const inC = await startWorker(python, {}, { LC_ALL: 'C', PYTHONCOERCECLOCALE: '0', PYTHONUTF8: '0' });
      const script = (path: string): string => Buffer.from(path, 'utf8').toString('latin1');
      await inC.request(script(file));
      expect(await inC.waitForLog('ValueError: an import')).toContain(`Cannot import script "${file}"`);
      await inC.request(script(raising));
      expect(await inC.waitForLog('ValueError: a request')).toContain(
        `Exception occurred processing WSGI script "${raising}"`,
      );
      await inC.request(script(`${folder.path}/größe.wsgi`));
      await inC.waitForLog(`Target WSGI script not found: "${folder.path}/größe.wsgi"`);
      await inC.stop();
    });

    it('finds another callable where the mount names one', async () => {
      const answer = await embedded.request(fixture('no_application'), '/', {
        mount: { 'mod_wsgi.callable_object': 'other' },
      });
      expect(answer.text()).toBe('other');
    });

    it('runs a failed text again only after a while, and a changed one at once', async () => {
      const script = folder.write('broken.py', `raise ValueError('broken')\n`);
      setTime(script, 2_000_000_000);
      await embedded.request(script);
      await embedded.request(script);
      const failures = embedded.events.filter((event) => event.script === script);
      expect(failures.map((event) => event.event)).toEqual(['import-failed']);
      folder.write('broken.py', naming('mended'));
      setTime(script, 1_000_000_000);
      expect((await embedded.request(script)).text()).toBe('mended');
    });

    it.each([
      ['nothing of ours', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n'],
      ['no JSON', 'GET / HTTP/1.1\r\nconnection: close\r\nx-sidecar-mount: {"a\r\n\r\n'],
      ['one object and more', 'GET / HTTP/1.1\r\nconnection: close\r\nx-sidecar-mount: {}, {}\r\n\r\n'],
      ['no object', 'GET / HTTP/1.1\r\nconnection: close\r\nx-sidecar-mount: 5\r\n\r\n'],
    ])('answers 500 when the headers say: %s', async (_what, bytes) => {
      const answer = await embedded.exchange(bytes);
      expect([answer.status, answer.header('x-sidecar-outcome')]).toEqual([500, 'bad-request']);
    });
  });

  describe('when a script changes', () => {
    it('loads it anew in embedded mode, in the same process', async () => {
      const script = folder.write('embedded.py', naming('old'));
      setTime(script, 2_000_000_000);
      expect((await embedded.request(script)).text()).toBe('old');
      folder.write('embedded.py', naming('new'));
      setTime(script, 1_000_000_000);
      expect((await embedded.request(script)).text()).toBe('new');
    });

    it('drops what worked when the changed text does not, and takes the next', async () => {
      const script = folder.write('dropped.py', naming('old'));
      setTime(script, 2_000_000_000);
      expect((await embedded.request(script)).text()).toBe('old');
      folder.write('dropped.py', 'raise ValueError()\n');
      setTime(script, 1_000_000_000);
      for (const _ of [1, 2]) {
        const answer = await embedded.request(script);
        expect([answer.status, answer.header('x-sidecar-outcome')]).toEqual([500, 'import-failed']);
      }
      const failures = embedded.events.filter(
        (event) => event.script === script && event.event !== 'imported',
      );
      expect(failures.map((event) => event.event)).toEqual(['import-failed']);
      folder.write('dropped.py', naming('mended'));
      setTime(script, 1_500_000_000);
      expect((await embedded.request(script)).text()).toBe('mended');
    });

    it('lets requests of the old text end with it', async () => {
      const script = folder.write('lasting.py', LASTING);
      setTime(script, 2_000_000_000);
      const lasting = embedded.request(script);
      await embedded.waitForLog('the first block was taken');
      folder.write('lasting.py', naming('new'));
      setTime(script, 1_000_000_000);
      expect((await embedded.request(script)).text()).toBe('new');
      folder.write('lasting.py.go', '');
      expect((await lasting).text()).toBe('old old');
    });

    it('leaves it alone when reloading is off for the mount', async () => {
      const script = folder.write('fixed.py', naming('old'));
      setTime(script, 2_000_000_000);
      const mount = { 'mod_wsgi.script_reloading': '0' };
      await embedded.request(script, '/', { mount });
      folder.write('fixed.py', naming('new'));
      setTime(script, 1_000_000_000);
      expect((await embedded.request(script, '/', { mount })).text()).toBe('old');
    });

    it('asks for another process in daemon mode, once for each change, and serves on', async () => {
      const script = folder.write('daemon.py', naming('old'));
      const isStale = (event: { event: string; script?: unknown }): boolean =>
        event.event === 'stale' && event.script === script;
      setTime(script, 1_000_000_000);
      await daemon.request(script);
      for (const [round, time] of [1_100_000_000, 1_200_000_000].entries()) {
        setTime(script, time);
        while (daemon.events.filter(isStale).length === round) {
          expect((await daemon.request(script)).text()).toBe('old');
        }
      }
      await daemon.request(script);
      await daemon.request(script);
      expect(daemon.events.filter(isStale)).toHaveLength(2);
    });

    it('answers 404 when it is gone', async () => {
      const script = folder.write('gone/app.py', naming('there'));
      expect((await embedded.request(script)).status).toBe(200);
      const { rmSync } = await import('node:fs');
      rmSync(script);
      expect((await embedded.request(script)).status).toBe(404);
    });
  });
});
