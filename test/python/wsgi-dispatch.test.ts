/** A dispatch script in the process that runs it: what it is shown, what it may say, and what becomes of one that fails. */
import { utimesSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { send } from '../support/raw-http.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { describeEachPython } from './each-python.ts';
import { startWorker, type Worker } from './worker.ts';

const SCRIPT = `# -*- coding: utf-8 -*-
import sys, threading

def process_group(environ):
    return environ.get('HTTP_X_PG')

def application_group(environ):
    said = environ.get('HTTP_X_AG')
    if said == '!raise':
        raise RuntimeError('boom')
    if said == '!exit':
        sys.exit(3)
    if said == '!int':
        return 42
    if said == '!wide':
        return u'\\u65e5'
    if said == '!bytes':
        return b'raw'
    if said == '!nul':
        return 'cut\\0off'
    if said == '!types':
        natives = [type(key) is str and type(environ[key]) is str for key in ('SCRIPT_NAME', 'mod_wsgi.process_group')]
        return '%s %s %s' % (natives, environ['mod_wsgi.version'], environ['apache.version'])
    if said == '!module':
        return __name__[:10] + ' ' + sys.modules['mod_wsgi'].application_group
    return said
`;

describeEachPython('a dispatch script', (python) => {
  let folder: TemporaryFolder;
  let worker: Worker;
  let script: string;

  beforeAll(async () => {
    folder = makeTemporaryFolder();
    script = folder.write('dispatch.py', SCRIPT);
    worker = await startHelper(script);
  });

  afterAll(async () => {
    await worker.stop();
    folder.remove();
  });

  const startHelper = (path: string): Promise<Worker> =>
    startWorker(python, {
      applicationGroup: 'own',
      dispatchScript: path,
      imports: [{ script: path, callableObject: '' }],
    });

  const ask = async (helper: Worker, entries: Readonly<Record<string, string>>): Promise<unknown> => {
    const environ = { SCRIPT_NAME: '/app', 'mod_wsgi.process_group': '', ...entries };
    const answer = await send({ socketPath: helper.socketPath }, '/', {
      method: 'POST',
      body: Buffer.from(JSON.stringify(environ), 'utf8'),
    });
    expect(answer.status).toBe(200);
    return JSON.parse(answer.text());
  };

  it('is loaded before the process is ready', () => {
    expect(worker.events.find(({ event }) => event === 'ready')).toMatchObject({
      imported: [script],
      failed: [],
    });
  });

  it.each([
    ['nothing', {}, { kind: 'names' }],
    ['one name', { HTTP_X_AG: 'g1' }, { kind: 'names', applicationGroup: 'g1' }],
    [
      'two names',
      { HTTP_X_AG: 'g1', HTTP_X_PG: '%{GLOBAL}' },
      { kind: 'names', applicationGroup: 'g1', processGroup: '%{GLOBAL}' },
    ],
    ['the empty name', { HTTP_X_AG: '' }, { kind: 'names', applicationGroup: '' }],
    ['bytes above 127', { HTTP_X_AG: 'caf\xe9' }, { kind: 'names', applicationGroup: 'caf\xe9' }],
    ['bytes', { HTTP_X_AG: '!bytes' }, { kind: 'names', applicationGroup: 'raw' }],
    ['what a C string holds', { HTTP_X_AG: '!nul' }, { kind: 'names', applicationGroup: 'cut' }],
    [
      'what a native environ holds',
      { HTTP_X_AG: '!types' },
      { kind: 'names', applicationGroup: '[True, True] (4, 9, 4) (2, 4, 55)' },
    ],
    ['its module', { HTTP_X_AG: '!module' }, { kind: 'names', applicationGroup: '_mod_wsgi_ own' }],
  ])('may say %s', async (_, entries, said) => {
    expect(await ask(worker, entries)).toEqual(said);
  });

  it.each(['!raise', '!exit', '!int', '!wide'])(
    'fails by %s, and the next question is answered',
    async (how) => {
      expect(await ask(worker, { HTTP_X_AG: how })).toEqual({ kind: 'failed' });
      expect(await ask(worker, {})).toEqual({ kind: 'names' });
      expect(await worker.waitForLog('Exception occurred processing dispatch script')).toContain('Traceback');
    },
  );

  it('is loaded anew when its mtime changes, and names nothing when the new text fails', async () => {
    const path = folder.write('changing.py', 'def application_group(environ):\n    return "one"\n');
    const helper = await startHelper(path);
    try {
      expect(await ask(helper, {})).toMatchObject({ applicationGroup: 'one' });
      folder.write('changing.py', 'def application_group(environ):\n    return "two"\n');
      utimesSync(path, 1000, 1000);
      expect(await ask(helper, {})).toMatchObject({ applicationGroup: 'two' });
      folder.write('changing.py', 'def (:\n');
      utimesSync(path, 2000, 2000);
      expect(await ask(helper, {})).toEqual({ kind: 'not-loaded' });
    } finally {
      await helper.stop();
    }
  });

  it.each([
    ['does not parse', 'def (:\n', 'SyntaxError'],
    ['exits while it is loaded', 'import sys\nsys.exit(1)\n', 'SystemExit'],
    ['is missing', undefined, 'Target WSGI script not found'],
  ])('is not loaded where it %s, which the log says', async (_, text, words) => {
    const path = text === undefined ? `${folder.path}/none.py` : folder.write('broken.py', text);
    const helper = await startHelper(path);
    try {
      expect(await ask(helper, {})).toEqual({ kind: 'not-loaded' });
      expect(await helper.waitForLog(words)).toContain(path);
    } finally {
      await helper.stop();
    }
  });
});
