/** What applications are told at the end of their process, in which order and for which reason: the real mod_wsgi's daemon mode and here. */
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { send } from '../support/raw-http.ts';
import { besideApache } from './beside-apache.ts';

const TELLS = `
import atexit, os, threading, time
import mod_wsgi
def note(text):
    with open('@ROOT@/run/end-%d' % os.getpid(), 'a') as file:
        file.write(text + '\\n')
over = threading.Event()
def stopping(name, **event):
    if name == 'process_stopping':
        note('event %r' % event['shutdown_reason'])
def shutdown(name, **event):
    note('shutdown %s %r' % (name, event['shutdown_reason']))
    over.set()
mod_wsgi.subscribe_events(stopping)
mod_wsgi.subscribe_shutdown(shutdown)
atexit.register(note, 'last')
atexit.register(note, 'atexit')
def wait():
    over.wait()
    note('thread')
thread = threading.Thread(target=wait)
# Else as the one that imports: a daemon, which nobody waits for.
thread.daemon = False
thread.start()
def application(environ, start_response):
    if environ['QUERY_STRING'] == 'hang':
        time.sleep(30)
    if environ['QUERY_STRING'] == 'burn':
        while time.process_time() < 1.6:
            pass
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'%d' % os.getpid()]
`;

/** How processes end, and the options of a daemon process that ends so. */
const WAYS = {
  inactivity_timeout: 'inactivity-timeout=1',
  restart_interval: 'restart-interval=1',
  // The kernel counts by ticks, and leaves out what a hypervisor takes: the application burns more than the limit.
  cpu_time_limit: 'cpu-time-limit=1 graceful-timeout=20',
  request_timeout: 'request-timeout=1 threads=1 shutdown-timeout=2',
  maximum_requests: 'maximum-requests=1',
  touched: '',
} as const;
type Way = keyof typeof WAYS;

/** mod_wsgi has no words for the others. */
const wordOf = (way: Way): string => (['maximum_requests', 'touched'].includes(way) ? "''" : `'${way}'`);

const names = Object.keys(WAYS) as Way[];
const CONF = names
  .map(
    (way) => `WSGIDaemonProcess ${way} ${WAYS[way]}
WSGIScriptAlias /${way} @ROOT@/apps/${way}.wsgi process-group=${way} application-group=${way === 'touched' ? '%{GLOBAL}' : 'one'}
`,
  )
  .join('');

describe('the end of a process', () => {
  const beside = besideApache({
    conf: CONF,
    files: Object.fromEntries(names.map((way) => [`apps/${way}.wsgi`, TELLS])),
  });

  const ask = (port: number, target: string): Promise<string> =>
    send({ port }, target, { headers: { Host: 'main.test' } }).then((answer) => answer.text());
  /** The first lines of what the process said at its end. */
  const lastWords = async (pid: string, lines: number): Promise<readonly string[]> => {
    const path = join(beside.site.folder.path, 'run', `end-${pid}`);
    const read = (): readonly string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []);
    while (read().length <= lines) await new Promise((resolve) => setTimeout(resolve, 25));
    return read().slice(0, lines);
  };
  const end = async (way: Way, port: number, pid: string): Promise<void> => {
    if (way === 'cpu_time_limit') await ask(port, `/${way}?burn`);
    if (way === 'request_timeout') void ask(port, `/${way}?hang`).catch(() => undefined);
    if (way === 'restart_interval' || way === 'touched') {
      // The real one does nothing by itself where no request comes.
      while ((await ask(port, `/${way}`)) === pid);
    }
  };

  it.concurrent.each(names)('is told as mod_wsgi tells it: %s', async (way) => {
    const pids = await Promise.all(beside.ports.map((port) => ask(port, `/${way}`)));
    if (way === 'touched') utimesSync(join(beside.site.folder.path, `apps/${way}.wsgi`), 1000, 1000);
    await Promise.all(beside.ports.map((port, at) => end(way, port, pids[at] as string)));
    const wanted = [
      `event ${wordOf(way)}`,
      `shutdown process_stopping ${wordOf(way)}`,
      'thread',
      'atexit',
      'last',
    ];
    // A request that hangs keeps the real one from its exit handlers.
    const lines = way === 'request_timeout' ? 3 : wanted.length;
    const told = await Promise.all(pids.map((pid) => lastWords(pid, lines)));
    expect(told).toEqual([wanted.slice(0, lines), wanted.slice(0, lines)]);
  });
});
