/** The throw-away process of `preflight` by itself, under each Python. */
import { afterAll, expect, it } from 'vitest';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { describeEachPython } from './each-python.ts';
import { launch } from './launcher.ts';

const folder = makeTemporaryFolder();
afterAll(() => folder.remove());

describeEachPython('a preflight', (python) => {
  it('tells of each script and ends, whatever threads they left running', async () => {
    const scripts = {
      clean: 'application = None\n',
      leaves:
        'import os, threading, time\nos.environ["A"] = "1"\nthreading.Thread(target=time.sleep, args=(600,)).start()\n',
      broken: 'import warnings\nwarnings.warn("old", DeprecationWarning)\nraise ValueError("no")\n',
    };
    const imports = Object.entries(scripts).map(([name, text]) => ({
      script: folder.write(`${python.version}/${name}.wsgi`, text),
      callables: [],
    }));
    const order = { runner: 'preflight', listens: 'socket', socket: '', allowRoot: true, imports };
    const launched = launch(python.path, order);
    expect(await launched.exited).toBe(0);
    const [clean, leaves, broken] = launched.events.filter(({ event }) => event === 'preflight');
    expect(clean).toMatchObject({ failure: null, changes: [], deprecations: [] });
    const kinds = ((leaves?.changes ?? []) as { kind: string }[]).map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['os.environ', 'thread']);
    expect(broken).toMatchObject({
      failure: { message: 'ValueError: no', traceback: expect.stringContaining('broken.wsgi", line 3') },
      deprecations: [{ category: 'DeprecationWarning', message: 'old', line: 2 }],
    });
  });
});
