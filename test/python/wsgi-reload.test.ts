/** When a loaded script is loaded anew besides a changed mtime, and what its module has that importlib knows of. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { describeEachPython } from './each-python.ts';
import { startWorker, type Worker } from './worker.ts';

/** Answers how often its text has run, in this process. */
const COUNTING = `import os, sys
sys.loads = getattr(sys, 'loads', {})
LOADS = sys.loads[__file__] = sys.loads.get(__file__, 0) + 1
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [str(LOADS).encode('ascii')]
`;
const ASKING = `${COUNTING}
def reload_required(path):
    if not os.path.exists(path + '.wanted'):
        return False
    os.unlink(path + '.wanted')
    return True
`;

describeEachPython('a script that asks to be loaded anew', (python) => {
  let folder: TemporaryFolder;
  let embedded: Worker;
  let newest: Worker;
  let daemon: Worker;
  beforeAll(async () => {
    folder = makeTemporaryFolder();
    [embedded, newest, daemon] = await Promise.all([
      startWorker(python),
      startWorker(python, { modWsgiVersion: [6, 0, 5] }),
      startWorker(python, { mode: 'daemon', processGroup: 'pool' }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([embedded.stop(), newest.stop(), daemon.stop()]);
    folder.remove();
  });
  const ask = async (worker: Worker, script: string): Promise<string> =>
    (await worker.request(script)).text();

  it('is, where its reload_required() says so', async () => {
    const script = folder.write('asking.py', ASKING);
    expect([await ask(embedded, script), await ask(embedded, script)]).toEqual(['1', '1']);
    folder.write('asking.py.wanted', '');
    expect([await ask(embedded, script), await ask(embedded, script)]).toEqual(['2', '2']);
  });

  it('gets another process in daemon mode', async () => {
    const script = folder.write('asking-daemon.py', ASKING);
    await ask(daemon, script);
    folder.write('asking-daemon.py.wanted', '');
    expect(await ask(daemon, script)).toBe('1');
    await daemon.waitForEvent(({ event, script: name }) => event === 'stale' && name === script);
  });

  it('is, where it took its __mtime__ away', async () => {
    const strips =
      "\ninner = application\ndef application(*args):\n    globals().pop('__mtime__')\n    return inner(*args)\n";
    const script = folder.write('stripped.py', COUNTING + strips);
    expect([await ask(embedded, script), await ask(embedded, script)]).toEqual(['1', '2']);
  });

  it('is not by an error of its reload_required(), but from mod_wsgi 6 on', async () => {
    const script = folder.write(
      'raising.py',
      `${COUNTING}\ndef reload_required(path):\n    raise ValueError('broken')\n`,
    );
    expect([await ask(embedded, script), await ask(embedded, script)]).toEqual(['1', '1']);
    expect([await ask(newest, script), await ask(newest, script)]).toEqual(['1', '2']);
    expect(await embedded.waitForLog('ValueError: broken')).toContain(
      'Exception occurred processing WSGI script',
    );
  });
});
