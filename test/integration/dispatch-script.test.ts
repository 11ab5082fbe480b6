/**
 * `groupsFrom: dispatch`: dispatch scripts in helper processes. A script that hangs, dies or is broken harms the requests
 * that it decides about and no others, and its helper is no group of applications.
 */
import { describe, expect, it } from 'vitest';
import { runSidecar } from '../support/sidecar.ts';
import { type ServedSite, servedSite, serveSite } from './beside-apache.ts';

const SCRIPTS = {
  'names.py': `def application_group(environ):
    said = environ.get('QUERY_STRING')
    if said == 'raise':
        raise RuntimeError('tell_nobody')
    return said or None
`,
  'hangs.py': `import time
def application_group(environ):
    if environ['QUERY_STRING'] == 'hang':
        time.sleep(3600)
    return 'awake'
`,
  'dies.py': `import os
def application_group(environ):
    if environ['QUERY_STRING'] == 'die':
        os._exit(9)
    return 'alive'
`,
  'no-parse.py': 'def (:\n',
};

const APPLICATION = `def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    length = int(environ.get('CONTENT_LENGTH') or 0)
    return [environ['mod_wsgi.application_group'].encode('latin-1'), b' ', environ['wsgi.input'].read(length)]
`;

const hostOf = (name: string, script: string): string => `<VirtualHost *:@PORT@>
    ServerName ${name}.test
    WSGIDispatchScript @ROOT@/apps/${script}
    WSGIApplicationGroup configured
    WSGIScriptAlias / @ROOT@/apps/app.wsgi
</VirtualHost>
`;

const CONF = `${hostOf('names', 'names.py')}${hostOf('hangs', 'hangs.py')}${hostOf('dies', 'dies.py')}
${hostOf('no-parse', 'no-parse.py')}${hostOf('missing', 'none.py')}
<VirtualHost *:@PORT@>
    ServerName plain.test
    WSGIApplicationGroup plain
    WSGIScriptAlias / @ROOT@/apps/app.wsgi
</VirtualHost>
`;

const SITE = {
  conf: CONF,
  files: Object.fromEntries(
    Object.entries({ ...SCRIPTS, 'app.wsgi': APPLICATION }).map(([name, text]) => [`apps/${name}`, text]),
  ),
};

async function groupAt({ sidecar }: ServedSite, host: string, query = ''): Promise<string> {
  const { status, text } = await sidecar.get(`${host}.test`, `/${query}`);
  return status === 200 ? text().trim() : String(status);
}

describe('groupsFrom: dispatch', () => {
  const served = servedSite({
    ...SITE,
    settings: {
      groupsFrom: 'dispatch',
      responseTimeout: '1s',
      groups: { defaults: { threads: 2, shutdownTimeout: '1s', drainTimeout: '1s' } },
    },
  });

  const groupOf = (host: string, query = ''): Promise<string> => groupAt(served, host, query);

  it('serves a request in the group that the script names, or else in the configured one', async () => {
    expect(await groupOf('names', '?g1')).toBe('g1');
    expect(await groupOf('names')).toBe('configured');
    expect(await groupOf('plain')).toBe('plain');
  });

  it('keeps the body of a request for its application', async () => {
    const answer = await served.sidecar.get('names.test', '/?g1', {
      method: 'POST',
      body: Buffer.from('whole'),
    });
    expect(answer.text()).toBe('g1 whole');
  });

  it('answers 500 where the script raises, and tells the log alone why', async () => {
    const before = served.sidecar.process.lines.length;
    const answer = await served.sidecar.get('names.test', '/?raise');
    expect(answer.status).toBe(500);
    expect(answer.text()).not.toContain('tell_nobody');
    await served.sidecar.process.waitForLine((line) => line.includes('tell_nobody'), 'its traceback', before);
  });

  it('passes over a script that is missing or does not load, and tells the log', async () => {
    expect(await groupOf('missing')).toBe('configured');
    expect(await groupOf('no-parse')).toBe('configured');
    await served.sidecar.process.waitForLine((line) => /none\.py.*Dispatch script not found/.test(line));
    await served.sidecar.process.waitForLine(
      (line) => line.includes('no-parse.py') && line.includes('SyntaxError'),
    );
  });

  it('makes no group of what the script takes from the client, unless the settings say so', async () => {
    expect(await groupOf('names', '?%{ENV:HTTP_HOST}')).toBe('404');
  });

  it('lets a script that hangs harm its own mounts alone, and only while it hangs', async () => {
    expect(await groupOf('hangs')).toBe('awake');
    const before = served.sidecar.process.lines.length;
    const hanging = [1, 2, 3, 4].map(() => groupOf('hangs', '?hang'));
    const others = await Promise.all([groupOf('names', '?g1'), groupOf('plain'), groupOf('dies')]);
    expect(others).toEqual(['g1', 'plain', 'alive']);
    for (const status of await Promise.all(hanging)) expect(status).toBe('504');
    await served.sidecar.process.waitForLine(
      (line) => line.includes('its process is replaced'),
      'replaced',
      before,
    );
    // Until the new process is ready, questions go to the threads that hang.
    let awake = await groupOf('hangs');
    while (awake === '504') awake = await groupOf('hangs');
    expect(awake).toBe('awake');
  });

  it('answers 502 where the script ends its process, which is started again', async () => {
    expect(await groupOf('dies', '?die')).toBe('502');
    expect(await groupOf('dies')).toBe('alive');
  });

  it('shows helpers apart from the groups of applications, and counts them not as such', async () => {
    const { groups } = JSON.parse((await served.sidecar.ask('/api/groups')).text()) as {
      groups: { part?: string; applicationGroup: string }[];
    };
    const parts = groups.map(({ part }) => part).filter((part) => part !== undefined);
    expect(parts).toContain(`dispatch script ${served.site.folder.path}/apps/names.py`);
    const metrics = (await served.sidecar.ask('/metrics')).text();
    expect(metrics).not.toContain('names.py');
  });

  it.each([
    ['configuration', 'error', 'Set "groupsFrom: dispatch"'],
    ['dispatch', 'info', 'asked in a process of its own'],
  ])('is what check advises, or tells of: %s', async (source, severity, words) => {
    const { stdout } = await runSidecar(
      'check',
      '--json',
      '--apache',
      served.site.conf,
      '--groups-from',
      source,
    );
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { id: string; severity: string; advice: string }[];
    };
    const found = diagnostics.filter(({ id }) => id === 'dispatch-script');
    expect(found).toHaveLength(5);
    for (const finding of found) {
      expect(finding.severity).toBe(severity);
      expect(finding.advice).toContain(words);
    }
  });

  it('makes no more groups than maxGroups, whatever the script says', async () => {
    const few = await serveSite({ ...SITE, settings: { groupsFrom: 'dispatch', maxGroups: 2 } });
    const answers: string[] = [];
    for (const name of ['m1', 'm2', 'm3']) answers.push(await groupAt(few, 'names', `?${name}`));
    expect(answers).toEqual(['m1', 'm2', '503']);
  });
});
