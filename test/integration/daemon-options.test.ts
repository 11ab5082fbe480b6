/** The options of WSGIDaemonProcess, as an application sees them in the real Apache and here; and what Apache cannot do. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSite, type Site } from '../support/apache.ts';
import { findPythons } from '../support/pythons.ts';
import { type Answer, send } from '../support/raw-http.ts';
import { type Sidecar, SYSTEM_PYTHON, startSidecarFor } from '../support/sidecar.ts';
import { besideApache } from './beside-apache.ts';

const IS_ROOT = process.geteuid?.() === 0;
const { pythons } = findPythons();

const SHOWS = `
import json, locale, os, resource, sys, threading, time
def application(environ, start_response):
    query = environ['QUERY_STRING']
    if query == 'sleep':
        time.sleep(30)
    if query == 'wait':
        until = time.time() + 30
        while time.time() < until:
            time.sleep(0.01)
    start_response('200 OK', [('Content-Type', 'application/json')])
    if query == 'flood':
        return (b'x' * 65536 for _ in range(4096))
    umask = os.umask(0)
    os.umask(umask)
    shown = {
        'ids': [os.getuid(), os.getgid(), sorted(os.getgroups())], 'cwd': os.getcwd(), 'umask': umask,
        'nice': os.nice(0), 'home': os.environ.get('HOME'), 'user': os.environ.get('USER'),
        'lang': os.environ.get('LANG'), 'lc_all': os.environ.get('LC_ALL'), 'eggs': os.environ.get('PYTHON_EGG_CACHE'),
        'numeric': locale.setlocale(locale.LC_NUMERIC), 'path': [os.path.basename(each) for each in sys.path[:2]],
        'memory': [resource.getrlimit(resource.RLIMIT_DATA)[0], resource.getrlimit(resource.RLIMIT_AS)[0]],
        'cpu': resource.getrlimit(resource.RLIMIT_CPU),
        'threads': environ['wsgi.multithread'], 'processes': environ['wsgi.multiprocess'],
        'file': environ['SCRIPT_FILENAME'],
    }
    if query == 'more':
        shown = {'version': list(sys.version_info[:2]), 'prefix': sys.prefix, 'pid': os.getpid()}
    return [json.dumps(shown).encode()]
`;

const OPTIONS = [
  'user=nobody group=www-data supplementary-groups=audio,video umask=0027 home=/usr',
  'lang=C.UTF-8 locale=C.UTF-8 python-path=@ROOT@/lib python-eggs=/var/eggs cpu-priority=7',
  'memory-limit=2000000000 virtual-memory-limit=6000000000 cpu-time-limit=500 shutdown-timeout=9',
  'processes=1 threads=3 display-name=%{GROUP}',
];

const CONF = `
WSGIDaemonProcess full ${OPTIONS.join(' ')}
WSGIDaemonProcess plain
WSGIDaemonProcess owned script-user=root
WSGIDaemonProcess strange script-user=nobody
WSGIDaemonProcess brief socket-timeout=1 response-socket-timeout=1 threads=2
WSGIDaemonProcess patient threads=1
WSGIScriptAlias /full @ROOT@/apps/shows.wsgi process-group=full application-group=%{GLOBAL}
WSGIScriptAlias /plain @ROOT@/apps/shows.wsgi process-group=plain application-group=%{GLOBAL}
WSGIScriptAlias /owned @ROOT@/apps/shows.wsgi process-group=owned application-group=%{GLOBAL}
WSGIScriptAlias /strange @ROOT@/apps/shows.wsgi process-group=strange application-group=%{GLOBAL}
WSGIScriptAlias /brief @ROOT@/apps/shows.wsgi process-group=brief application-group=%{GLOBAL}
WSGIScriptAlias /patient @ROOT@/apps/shows.wsgi process-group=patient application-group=%{GLOBAL}
<Location /plain/restricted>
    WSGIRestrictProcess other
</Location>
<Directory @ROOT@/apps>
    Require all granted
</Directory>
`;

describe.runIf(IS_ROOT)('the options of WSGIDaemonProcess', () => {
  const beside = besideApache({
    conf: CONF,
    files: { 'apps/shows.wsgi': SHOWS },
    settings: { groups: { patient: { requestTimeout: '2s', interruptTimeout: '20s' } } },
  });

  const get = (path: string): Promise<Answer> => beside.sidecar.get('main.test', path);
  const asked = (path: string): Promise<Answer> =>
    send({ port: beside.site.port }, path, { headers: { Host: 'main.test' } });

  it.each(['/full', '/plain'])('show themselves as under Apache: %s', async (path) => {
    const [theirs, ours] = [await asked(path), await get(path)];
    expect(theirs.status).toBe(200);
    // A test's Apache stays in the folder where it was started, and has no USER, which mod_wsgi then does not set.
    const { cwd, user: _, ...expected } = JSON.parse(theirs.text());
    expect(JSON.parse(ours.text())).toMatchObject(expected);
    if (path === '/full') expect(JSON.parse(ours.text())).toMatchObject({ cwd, user: 'nobody' });
  });

  it('show the display name to ps', async () => {
    const { pid } = JSON.parse((await get('/full?more')).text());
    expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1').replace(/\0+$/, '')).toBe('(wsgi:full)');
    expect(readFileSync(`/proc/${pid}/comm`, 'latin1')).toBe('(wsgi:full)\n');
  });

  it.each(['/owned', '/strange', '/plain/restricted'])('refuse what Apache refuses: %s', async (path) => {
    const [theirs, ours] = [await asked(path), await get(path)];
    expect(ours.status).toBe(theirs.status);
  });

  it('answer 504 for a process that is silent for socket-timeout, as Apache does', async () => {
    const [theirs, ours] = await Promise.all([asked('/brief?sleep'), get('/brief?sleep')]);
    expect([theirs.status, ours.status]).toEqual([504, 504]);
  });

  it('let a client go that takes nothing for response-socket-timeout', async () => {
    const socket = connect(beside.sidecar.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined).pause();
    socket.write('GET /brief?flood HTTP/1.1\r\nHost: main.test\r\n\r\n');
    await expect.poll(() => beside.sidecar.log()).toContain('send_timeout');
    socket.resume();
    await closed;
  });

  it('interrupt a request that lasts, and leave its process', async () => {
    const before = JSON.parse((await get('/patient?more')).text());
    expect((await get('/patient?wait')).status).toBe(504);
    const after = JSON.parse((await get('/patient?more')).text());
    expect(after.pid).toBe(before.pid);
  });
});

describe('groups with interpreters of their own', () => {
  let site: Site;
  let sidecar: Sidecar;
  let environment: string;

  beforeAll(async () => {
    const names = pythons.map(({ version }) => `p${version.replace('.', '-')}`);
    const aliases = [...names, 'venv'].map(
      (name) =>
        `WSGIDaemonProcess ${name}\nWSGIScriptAlias /${name} @ROOT@/apps/shows.wsgi process-group=${name} application-group=%{GLOBAL}`,
    );
    site = await makeSite({
      conf: `${aliases.join('\n')}\n<Directory @ROOT@/apps>\n    Require all granted\n</Directory>\n`,
      files: { 'apps/shows.wsgi': SHOWS },
    });
    environment = join(site.folder.path, 'venv');
    execFileSync(SYSTEM_PYTHON, ['-m', 'venv', '--without-pip', environment]);
    const groups = Object.fromEntries(
      pythons.map(({ path }, index) => [names[index] as string, { python: path }]),
    );
    sidecar = await startSidecarFor(site, {
      groups: {
        // Root's own interpreters are closed to others.
        defaults: IS_ROOT ? { user: '#0', allowRoot: true } : {},
        ...groups,
        venv: { pythonHome: environment },
      },
    });
  });

  afterAll(async () => {
    await sidecar?.stop();
    site?.folder.remove();
  });

  it('run each its own version at once', async () => {
    const versions = await Promise.all(
      pythons.map(async ({ version }) => {
        const answer = await sidecar.get('main.test', `/p${version.replace('.', '-')}?more`);
        return JSON.parse(answer.text()).version.join('.');
      }),
    );
    expect(versions).toEqual(pythons.map(({ version }) => version));
  });

  it('run in the virtual environment of pythonHome', async () => {
    const { prefix } = JSON.parse((await sidecar.get('main.test', '/venv?more')).text());
    expect(prefix).toBe(environment);
  });
});
