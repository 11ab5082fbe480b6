/**
 * Applications that fail: the client gets the status that mod_wsgi gives and never a traceback, the log has it, and
 * every other group goes on. The same scripts under the real Apache say what the status is.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, exchange, openConnection, send } from '../support/raw-http.ts';
import { startSidecarFor } from '../support/sidecar.ts';
import { besideApache, servedSite } from './beside-apache.ts';

const start = `start_response("200 OK", [("Content-Type", "text/plain")])`;
const application = (...lines: string[]): string =>
  `import os, sys\ndef application(environ, start_response):\n${lines.map((line) => `    ${line}\n`).join('')}`;

/** A word that only the source of a script has: where an answer holds it, a traceback has leaked. */
const SECRET = 'tell_nobody';

const SCRIPTS: Readonly<Record<string, string>> = {
  hello: application(start, 'return [b"hello"]'),
  'no-parse': `def application(environ start_response): ${SECRET}\n`,
  'raises-at-import': `raise RuntimeError("${SECRET}")\n`,
  'exits-at-import': `import sys\n${SECRET} = sys.exit(3)\n`,
  'no-callable': `${SECRET} = 1\n`,
  'returns-none': application(start, `${SECRET} = None`, `return ${SECRET}`),
  'returns-text': application(start, `${SECRET} = "text"`, `return [${SECRET}]`),
  'odd-header': application(
    `${SECRET} = [("Content-Length", 5)]`,
    `start_response("200 OK", ${SECRET})`,
    'return [b"hello"]',
  ),
  'odd-status': application(`${SECRET} = "fine"`, `start_response(${SECRET}, [])`, 'return [b"hello"]'),
  'no-start': application(`${SECRET} = [b"hello"]`, `return ${SECRET}`),
  raises: application(`raise ValueError("${SECRET}")`),
  exits: application(`${SECRET} = sys.exit(3)`),
};

/** What the log says of a script that cannot be imported, once for each attempt and not for each request. */
const IMPORTS: Readonly<Record<string, string>> = {
  'no-parse': 'SyntaxError',
  'raises-at-import': 'RuntimeError',
  'exits-at-import': 'SystemExit',
};

/** What the log says of a request that an application fails. */
const REQUESTS: Readonly<Record<string, string>> = {
  'returns-none': 'TypeError',
  'returns-text': 'TypeError',
  raises: 'ValueError',
  exits: 'SystemExit',
};

const ONLY_HERE: Readonly<Record<string, string>> = {
  'dies-at-once': application('os._exit(9)'),
  'dies-mid-body': application(start, 'yield b"x" * 100000', 'os._exit(9)'),
  'raises-mid-body': application(start, 'yield b"x" * 100000', `raise ValueError("${SECRET}")`),
};

const mounts = (names: readonly string[]): string =>
  names.map((name) => `    WSGIScriptAlias /${name} @ROOT@/apps/${name}.wsgi\n`).join('');

const NAMES = [...Object.keys(SCRIPTS), 'missing'];

/** The same scripts twice: each in a group of its own in embedded mode, and all in one group of a daemon. */
const CONF = `WSGIDaemonProcess broken threads=4
<VirtualHost *:@PORT@>
    ServerName embedded.test
${mounts([...NAMES, ...Object.keys(ONLY_HERE)])}</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName daemon.test
    WSGIProcessGroup broken
    WSGIApplicationGroup %{GLOBAL}
${mounts(NAMES)}</VirtualHost>
`;

describe('an application that fails', () => {
  const beside = besideApache({
    conf: CONF,
    files: Object.fromEntries(
      Object.entries({ ...SCRIPTS, ...ONLY_HERE }).map(([name, text]) => [`apps/${name}.wsgi`, text]),
    ),
  });

  // Whatever a test has broken, its neighbours still answer.
  afterEach(async () => {
    for (const host of ['embedded.test', 'daemon.test']) {
      expect((await beside.sidecar.get(host, '/hello')).text()).toBe('hello');
    }
  });

  describe.each(['embedded.test', 'daemon.test'])('on %s', (host) => {
    it.each(NAMES)('gets the status of mod_wsgi: %s', async (name) => {
      const headers = { Host: host };
      const expected = await send({ port: beside.site.port }, `/${name}`, { headers });
      const actual = await beside.sidecar.get(host, `/${name}`);
      expect(actual.status).toBe(expected.status);
      expectNoLeak(actual);
    });

    it.each(Object.entries(IMPORTS))('has its error in the log: %s', async (name, words) => {
      await beside.sidecar.get(host, `/${name}`);
      const tells = (line: string): boolean => line.includes(`${name}.wsgi`) && line.includes(words);
      await beside.sidecar.process.waitForLine(tells, words);
    });

    it.each(Object.entries(REQUESTS))('has its traceback in the log: %s', async (name, words) => {
      const before = beside.sidecar.process.lines.length;
      await beside.sidecar.get(host, `/${name}`);
      for (const part of [`${name}.wsgi`, 'Traceback', words]) {
        await beside.sidecar.process.waitForLine((line) => line.includes(part), part, before);
      }
    });
  });

  it('ends the connection when it dies in its body', async () => {
    const answer = await beside.sidecar.get('embedded.test', '/dies-mid-body');
    expect(answer.status).toBe(200);
    expect(answer.end).toBe('cut');
  });

  it('ends the connection when it raises in its body', async () => {
    const answer = await beside.sidecar.get('embedded.test', '/raises-mid-body');
    expect(answer.end).toBe('cut');
    expectNoLeak(answer);
    await beside.sidecar.process.waitForLine((line) => line.includes('raises-mid-body.wsgi'));
  });

  it('gets 502 when it dies before it answers', async () => {
    const answer = await beside.sidecar.get('embedded.test', '/dies-at-once');
    expect(answer.status).toBe(502);
    expectNoLeak(answer);
  });
});

function expectNoLeak(answer: Answer): void {
  const text = `${answer.headers.join()}${answer.text()}`;
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain('Traceback');
  expect(text).not.toContain('.wsgi');
}

const SLOW = `import os, time
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"begun"
    while not os.path.exists(@GATE@):
        time.sleep(0.02)
    yield b" ended"
`;

const SILENT = `import os, time
def application(environ, start_response):
    while not os.path.exists(@GATE@):
        time.sleep(0.02)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"at last"]
`;

const HARD_CONF = `WSGIDaemonProcess nopython
WSGIDaemonProcess busy threads=1
<VirtualHost *:@PORT@>
    ServerName hard.test
    WSGIScriptAlias /hello @ROOT@/apps/hello.wsgi
    WSGIScriptAlias /nopython @ROOT@/apps/hello.wsgi process-group=nopython application-group=nopython
    WSGIScriptAlias /silent @ROOT@/apps/silent.wsgi
    WSGIScriptAlias /busy @ROOT@/apps/slow.wsgi process-group=busy application-group=busy
</VirtualHost>
`;

describe('a group that cannot serve', () => {
  const gated = (script: string, gate: string): string => script.replace('@GATE@', `"@ROOT@/${gate}"`);
  const served = servedSite({
    conf: HARD_CONF,
    files: {
      'apps/hello.wsgi': SCRIPTS.hello ?? '',
      'apps/slow.wsgi': gated(SLOW, 'gate'),
      'apps/silent.wsgi': gated(SILENT, 'other-gate'),
    },
    settings: { groups: { nopython: { python: '/nonexistent/python3' }, busy: { queueLength: 1 } } },
  });

  it('answers 503 with Retry-After when there is no such Python, and the log names it', async () => {
    const answer = await served.sidecar.get('hard.test', '/nopython');
    expect(answer.status).toBe(503);
    expect(Number(answer.header('retry-after'))).toBeGreaterThan(0);
    await served.sidecar.process.waitForLine((line) => line.includes('/nonexistent/python3'));
    expect((await served.sidecar.get('hard.test', '/hello')).status).toBe(200);
  });

  it('answers 504 when it is silent for longer than it may be', async () => {
    const strict = await startSidecarFor(served.site, { responseTimeout: '500ms' });
    try {
      expect((await strict.get('hard.test', '/silent')).status).toBe(504);
      expect((await strict.get('hard.test', '/hello')).status).toBe(200);
    } finally {
      served.site.folder.write('other-gate', '');
      await strict.stop();
    }
  });

  it('answers 503 with Retry-After when its queue is full', async () => {
    const held = openConnection({ port: served.sidecar.port });
    held.write('GET /busy HTTP/1.1\r\nHost: hard.test\r\nConnection: close\r\n\r\n');
    await held.until('begun');
    const further = [served.sidecar.get('hard.test', '/busy'), served.sidecar.get('hard.test', '/busy')];
    const refused = await Promise.race(further);
    expect(refused.status).toBe(503);
    expect(Number(refused.header('retry-after'))).toBeGreaterThan(0);
    served.site.folder.write('gate', '');
    await held.until(' ended');
    const statuses = (await Promise.all(further)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 503]);
  });

  it('is not disturbed by a client that sends half a head', async () => {
    const half = openConnection({ port: served.sidecar.port });
    half.write('GET /hello HTTP/1.1\r\nHost: hard');
    expect((await served.sidecar.get('hard.test', '/hello')).status).toBe(200);
    half.end();
    expect((await served.sidecar.get('hard.test', '/hello')).status).toBe(200);
  });

  it('is not reached by a head that is no HTTP', async () => {
    const answer = await exchange({ port: served.sidecar.port }, 'NONSENSE\r\n\r\n');
    expect(answer.status).toBe(400);
  });
});
