/** `preflight` on real scripts under a real Python: what fails, what it costs, what it changes for everybody. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { builtProgram } from '../support/build.ts';
import { type Told, tellCli } from '../support/cli.ts';
import { isRunning } from '../support/descendants.ts';
import { startProcess } from '../support/real-process.ts';
import { SYSTEM_PYTHON } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const APPLICATION = `
def application(environ, start_response):
    start_response('200 OK', [])
    return []
`;

/** As gevent.monkey does: an attribute of a module of the standard library becomes one of another module. */
function patchOf(name: string): string {
  const [module, attribute] = name.split('.');
  return `import ${module}\nclass Green(${module}.${attribute} if isinstance(${module}.${attribute}, type) else object):
    __module__ = 'green'\n${module}.${attribute} = Green\n`;
}

/** By name, a script that does one thing, and the kind and a part of the detail that tell of it. */
const CHANGES: readonly (readonly [name: string, text: string, kind: string, detail: string])[] = [
  ['path', "import sys; sys.path.insert(0, '/srv/own')", 'sys.path', 'adds /srv/own at place 0'],
  ['environ', "import os; os.environ['MODE'] = 'live'", 'os.environ', 'sets MODE=live'],
  ['secret', "import os; os.environ['API_TOKEN'] = 'abc'", 'os.environ', 'sets API_TOKEN=(hidden)'],
  ['cwd', "import os; os.chdir('/tmp')", 'working-folder', 'becomes /tmp'],
  ['umask', 'import os; os.umask(0o27)', 'umask', 'becomes 027'],
  ['locale', "import locale; locale.setlocale(locale.LC_ALL, 'C.UTF-8')", 'locale', 'C.UTF-8'],
  ['zone', "import os, time; os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()", 'time-zone', 'JST'],
  ['signal', 'import signal; signal.signal(15, print)', 'signal-handler', 'signal 15'],
  ['logging', 'import logging; logging.basicConfig(level=10)', 'logging-handler', 'adds <StreamHandler'],
  [
    'thread',
    "import threading; threading.Thread(target=threading.Event().wait, name='mine').start()",
    'thread',
    'starts mine, which is no daemon',
  ],
  ['patch', 'import time; time.sleep = lambda seconds: None', 'patch', 'replaces time.sleep by'],
  ...[
    'socket.socket',
    'socket.getaddrinfo',
    'threading.local',
    'threading.Event',
    'threading._start_new_thread',
    'select.select',
    'select.poll',
    'os.fork',
    'os.waitpid',
    'subprocess.Popen',
  ].map((name): (typeof CHANGES)[number] => [
    name,
    patchOf(name),
    'patch',
    `replaces ${name} by green.Green`,
  ]),
  [
    'import',
    'import builtins; builtins.__import__ = lambda *a, old=__import__, **k: old(*a, **k)',
    'import-hook',
    'replaces __import__',
  ],
  ['demand', 'import hgdemandimport; hgdemandimport.enable()', 'import-hook', 'adds hgdemandimport'],
  ['stdout', 'import io, sys; sys.stdout = io.StringIO()', 'stdout', 'becomes _io.StringIO'],
  ['timeout', 'import socket; socket.setdefaulttimeout(5)', 'socket-timeout', 'becomes 5.0'],
];

const ENVIRONMENT = { PATH: process.env.PATH, LANG: 'C' };

describe('preflight', () => {
  let folder: TemporaryFolder;
  beforeAll(() => {
    folder = makeTemporaryFolder();
  });
  afterAll(() => folder.remove());

  type Script = {
    script: string;
    failure: { message: string; traceback: string } | null;
    changes: { kind: string; detail: string }[];
    deprecations: { category: string; message: string }[];
    seconds: number;
    memoryBytes: number;
  };
  type Report = {
    failed: boolean;
    groups: { id: string; applicationGroup: string; problem?: string; scripts: Script[] }[];
  };

  const preflight = async (scripts: Readonly<Record<string, string>>, ...more: string[]): Promise<Told> => {
    const mounts = Object.entries(scripts).map(([name, text]) => {
      const path = folder.write(`${name}.wsgi`, text);
      return `WSGIScriptAlias /${name} ${path}\n`;
    });
    const conf = folder.write('apache.conf', `Listen 80\nServerName main.test\n${mounts.join('')}`);
    const settings = folder.write(
      'sidecar.yaml',
      JSON.stringify({ apache: conf, python: SYSTEM_PYTHON, groups: { defaults: { allowRoot: true } } }),
    );
    return await tellCli(['preflight', '--config', settings, ...more], ENVIRONMENT);
  };
  const reportOf = async (
    scripts: Readonly<Record<string, string>>,
    ...more: string[]
  ): Promise<Report & { code: number }> => {
    const { code, out, err } = await preflight(scripts, '--json', ...more);
    expect(err).toBe('');
    return { ...(JSON.parse(out) as Report), code };
  };

  const reportIn = async (
    environment: Readonly<Record<string, string>>,
    settings: string,
  ): Promise<Report & { code: number }> => {
    const words = ['preflight', '--config', settings, '--json'];
    const { code, out } = await tellCli(words, { ...ENVIRONMENT, ...environment });
    return { ...(JSON.parse(out) as Report), code };
  };

  it('finds nothing in a script that only defines an application', async () => {
    const { code, failed, groups } = await reportOf({ clean: APPLICATION });
    expect([code, failed]).toEqual([0, false]);
    expect(groups[0]?.scripts).toEqual([
      {
        event: 'preflight',
        script: join(folder.path, 'clean.wsgi'),
        failure: null,
        changes: [],
        deprecations: [],
        seconds: expect.any(Number),
        memoryBytes: expect.any(Number),
        peakBytes: expect.any(Number),
      },
    ]);
  });

  it('leaves nothing behind when it is ended in the middle of an import', async () => {
    const pidFile = join(folder.path, 'pid');
    const hangs = `import os, time\nopen(${JSON.stringify(pidFile)}, 'w').write(str(os.getpid()))\ntime.sleep(600)`;
    const script = folder.write('hangs.wsgi', hangs);
    const conf = folder.write('hangs.conf', `Listen 80\nServerName main.test\nWSGIScriptAlias / ${script}\n`);
    const settings = folder.write(
      'hangs.yaml',
      JSON.stringify({ apache: conf, python: SYSTEM_PYTHON, groups: { defaults: { allowRoot: true } } }),
    );
    const command = startProcess(process.execPath, [await builtProgram(), 'preflight', '--config', settings]);
    const pidOf = (): number => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0);
    await expect.poll(pidOf).toBeGreaterThan(0);
    const pid = pidOf();
    process.kill(command.pid, 'SIGINT');
    await command.exited;
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('names the interpreter that a virtual environment has', async () => {
    const conf = folder.write(
      'home.conf',
      `Listen 80\nServerName main.test\nWSGIPythonHome /usr\nWSGIScriptAlias / ${folder.write('home.wsgi', APPLICATION)}\n`,
    );
    const settings = folder.write(
      'home.yaml',
      JSON.stringify({ apache: conf, groups: { defaults: { allowRoot: true } } }),
    );
    const { groups } = await reportIn({}, settings);
    expect(groups[0]).toMatchObject({ python: '/usr/bin/python3' });
  });

  it('tells what each script changes for everybody', async () => {
    const scripts = Object.fromEntries(CHANGES.map(([name, text]) => [name, text + APPLICATION]));
    const { code, groups } = await reportOf(scripts);
    expect(code).toBe(0);
    for (const [name, , kind, detail] of CHANGES) {
      const found = groups.find(({ applicationGroup }) =>
        applicationGroup.endsWith(`|/${name.toLowerCase()}`),
      );
      expect(found?.scripts[0]?.changes, name).toContainEqual({
        kind,
        detail: expect.stringContaining(detail),
      });
    }
  });

  it('tells deprecations, and how much memory a script takes', async () => {
    const text = `import warnings; warnings.warn('old ways', DeprecationWarning)\nHELD = b'x' * 50000000\n`;
    const { groups } = await reportOf({ heavy: text + APPLICATION });
    const [script] = groups[0]?.scripts ?? [];
    expect(script?.deprecations).toMatchObject([{ category: 'DeprecationWarning', message: 'old ways' }]);
    expect(script?.memoryBytes).toBeGreaterThan(40_000_000);
  });

  it('fails with the traceback of a script that does not import, and looks at the others', async () => {
    const { code, out } = await preflight({ broken: 'import no_such_module\n', clean: APPLICATION });
    expect(code).toBe(1);
    expect(out).toMatch(/FAILED {2}\S*broken\.wsgi/);
    expect(out).toContain("No module named 'no_such_module'");
    expect(out).toContain('broken.wsgi", line 1');
    expect(out).toMatch(/ok {2}\S*clean\.wsgi/);
    expect(out).toMatch(/2 scripts in 2 groups, 1 failed\n$/);
  });

  it.each([
    ['does not end', 'import time\ntime.sleep(600)\n', /not imported after 1 s: raise --timeout/],
    ['ends its process', 'import os\nos._exit(3)\n', /ended by status 3/],
  ])('fails for a script that %s', async (_what, text, problem) => {
    const { code, groups } = await reportOf({ bad: text }, '--timeout', '1');
    expect(code).toBe(1);
    expect(groups[0]?.problem).toMatch(problem);
  });

  it('takes a missing script for a failure', async () => {
    const conf = folder.write(
      'missing.conf',
      'Listen 80\nServerName main.test\nWSGIScriptAlias /x /nowhere/x.wsgi\n',
    );
    const settings = folder.write(
      'missing.yaml',
      JSON.stringify({ apache: conf, python: SYSTEM_PYTHON, groups: { defaults: { allowRoot: true } } }),
    );
    const { code, out } = await preflight({}, '--config', settings);
    expect(code).toBe(1);
    expect(out).toContain('The script is missing');
  });

  /** Of a configuration of its own: each script by its name below `here`, and what failed there. */
  const lookAt = async (
    files: Readonly<Record<string, string>>,
    conf: string,
  ): Promise<readonly (readonly [string, string, string | undefined])[]> => {
    const here = makeTemporaryFolder();
    try {
      for (const [name, text] of Object.entries(files)) here.write(name, text);
      const apache = here.write(
        'a.conf',
        `Listen 80\nServerName main.test\n${conf.replaceAll('@', here.path)}`,
      );
      const settings = { apache, python: SYSTEM_PYTHON, groups: { defaults: { allowRoot: true } } };
      const { groups } = await reportIn({}, here.write('sidecar.yaml', JSON.stringify(settings)));
      return groups.flatMap(({ applicationGroup, scripts, problem }) => [
        ...scripts.map(
          ({ script, failure }) =>
            [applicationGroup, script.slice(here.path.length + 1), failure?.message] as const,
        ),
        ...(problem === undefined ? [] : [[applicationGroup, 'problem', problem] as const]),
      ]);
    } finally {
      here.remove();
    }
  };

  it('asks each script for the callable object that each of its mounts names', async () => {
    const conf = `WSGIApplicationGroup all
WSGIScriptAlias /a @/a.wsgi
WSGIScriptAlias /b @/b.wsgi callable-object=main
WSGIScriptAlias /c @/b.wsgi callable-object=other
WSGIScriptAlias /d @/d.wsgi
<Location /d>
    WSGICallableObject chosen
</Location>
WSGIScriptAlias /e @/e.wsgi
<Location /e>
    WSGICallableObject %{ENV:which}
</Location>
`;
    const files = {
      'a.wsgi': 'x = 1\n',
      'b.wsgi': 'main = print\n',
      'd.wsgi': 'chosen = print\n',
      'e.wsgi': '',
    };
    expect(await lookAt(files, conf)).toEqual([
      ['all', 'a.wsgi', 'The script has no callable object "application"'],
      ['all', 'b.wsgi', 'The script has no callable object "other"'],
      ['all', 'd.wsgi', undefined],
      ['all', 'e.wsgi', undefined],
    ]);
  });

  it('finds the scripts of folders, whatever maps them, each in its group', async () => {
    const conf = `WSGIScriptAlias /dir/ @/dir/
<Directory @/cgi>
    AddHandler wsgi-script .py
    Options ExecCGI
</Directory>
Alias /cgi @/cgi
`;
    const files = {
      'dir/one.wsgi': APPLICATION,
      'dir/sub/two.wsgi': 'broken(\n',
      'dir/readme.txt': 'no script',
      'cgi/three.py': 'nothing = 1\n',
      'cgi/page.html': 'no script',
    };
    expect(await lookAt(files, conf)).toEqual([
      ['main.test|/dir/one.wsgi', 'dir/one.wsgi', undefined],
      ['main.test|/dir/sub/two.wsgi', 'dir/sub/two.wsgi', expect.stringContaining('SyntaxError')],
      ['%{RESOURCE}', 'cgi/three.py', 'The script has no callable object "application"'],
    ]);
  });

  it('looks at imported, handler and dispatch scripts too', async () => {
    const conf = `WSGIApplicationGroup all
WSGIImportScript @/warm.py application-group=all process-group=%{GLOBAL}
WSGIScriptAlias /a @/a.wsgi
<Location /asked>
    WSGIDispatchScript @/asks.py
</Location>
WSGIScriptAlias /asked @/late.wsgi
WSGIHandlerScript shown @/shows.py application-group=all
AddHandler shown .txt
`;
    const files = {
      'warm.py': 'raise ValueError("cold")\n',
      'a.wsgi': APPLICATION,
      'asks.py': 'import no_such_module\n',
      'late.wsgi': 'raise ValueError("late")\n',
      'shows.py': 'application = print\n',
    };
    const found = await lookAt(files, conf);
    expect([...found].sort()).toEqual(
      [
        ['all', 'warm.py', 'ValueError: cold'],
        ['all', 'a.wsgi', undefined],
        ['all', 'shows.py', 'The script has no callable object "handle_request"'],
        ['%{GLOBAL}', 'asks.py', expect.stringContaining('no_such_module')],
        ['all', 'late.wsgi', 'ValueError: late'],
      ].sort(),
    );
  });

  it('looks at the story of the demo, whose applications share an interpreter', async () => {
    const demo = join(packageRoot(), 'deploy', 'demo');
    const settings = folder.write(
      'demo.yaml',
      JSON.stringify({
        apache: join(demo, 'apache.conf'),
        python: SYSTEM_PYTHON,
        groups: { defaults: { allowRoot: true } },
      }),
    );
    const environment = { DEMO_ROOT: demo, DEMO_PORT: '80', DEMO_GROUP: '%{SERVER}' };
    const { groups, code } = await reportIn(environment, settings);
    expect(code).toBe(0);
    const [group] = groups;
    expect(group?.scripts.map(({ script }) => script)).toEqual([
      join(demo, 'hoge', 'hoge.wsgi'),
      join(demo, 'moge', 'moge.wsgi'),
    ]);
    for (const { changes } of group?.scripts ?? [])
      expect(changes).toContainEqual({ kind: 'sys.path', detail: expect.stringContaining(demo) });
  });

  it('looks at one group alone where it is asked to, and knows its names', async () => {
    const scripts = { one: APPLICATION, two: APPLICATION };
    const { groups } = await reportOf(scripts, '--group', 'main.test|/two');
    expect(groups.map(({ applicationGroup }) => applicationGroup)).toEqual(['main.test|/two']);
    const { code, err } = await preflight(scripts, '--group', 'nobody');
    expect([code, err]).toEqual([3, expect.stringContaining('No group is called "nobody"')]);
  });
});
