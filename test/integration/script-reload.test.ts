/**
 * What becomes of a script that changes while it is served, in the real Apache and here, step by step: embedded mode does
 * the same; daemon mode keeps the process that works, on purpose (DESIGN law 4).
 */
import { unlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { send } from '../support/raw-http.ts';
import { besideApache } from './beside-apache.ts';

const CONF = `
WSGIDaemonProcess pool threads=2
WSGIDaemonProcess kept threads=2
WSGIScriptAlias /embedded @ROOT@/apps/embedded.wsgi application-group=one
WSGIScriptAlias /daemon @ROOT@/apps/daemon.wsgi process-group=pool application-group=%{GLOBAL}
WSGIScriptAlias /kept @ROOT@/apps/kept.wsgi process-group=kept application-group=%{GLOBAL}
<Directory @ROOT@/apps>
    Require all granted
</Directory>
`;
/** Answers its version, what its process has loaded so far, and how many scripts were there while it was loaded. */
const version = (name: string): string => `
import sys
sys.loaded = getattr(sys, 'loaded', []) + ['${name}']
LEFT = [key for key in sys.modules if key.startswith('_mod_wsgi_') and hasattr(sys.modules[key], 'application')]
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [('%s of %s beside %d' % ('${name}', ','.join(sys.loaded), len(LEFT))).encode('ascii')]
`;
const FAILING = `
import sys
sys.loaded = getattr(sys, 'loaded', []) + ['broken']
raise ValueError('a broken deploy')
`;

describe('a script that changes', () => {
  const beside = besideApache({
    conf: CONF,
    files: Object.fromEntries(
      ['embedded', 'daemon', 'kept'].map((name) => [`apps/${name}.wsgi`, version('a')]),
    ),
  });
  let seconds = 1_000_000_000;

  const ask = async (port: number, mount: string): Promise<string> => {
    const answer = await send({ port }, mount, { headers: { Host: 'main.test' } });
    return answer.status === 200 ? answer.text() : String(answer.status);
  };
  const both = async (mount: string): Promise<readonly string[]> => [
    await ask(beside.ports[0], mount),
    await ask(beside.ports[1], mount),
  ];
  /** A new text with a time of its own. */
  const deploy = (name: string, text: string, age = 0): void => {
    const path = beside.site.folder.write(`apps/${name}.wsgi`, text);
    seconds += 10;
    utimesSync(path, seconds - age, seconds - age);
  };
  const answered = async (mount: string, wanted: string): Promise<void> => {
    while ((await ask(beside.sidecar.port, mount)) !== wanted);
  };

  it('is loaded anew in place in embedded mode, and gone where the new text fails', async () => {
    expect(await both('/embedded')).toEqual(twice('a of a beside 0'));
    deploy('embedded', version('b'));
    expect(await both('/embedded')).toEqual(twice('b of a,b beside 0'));
    deploy('embedded', version('c'), 1000);
    expect(await both('/embedded')).toEqual(twice('c of a,b,c beside 0'));
    deploy('embedded', FAILING);
    expect(await both('/embedded')).toEqual(twice('500'));
    expect(await both('/embedded')).toEqual(twice('500'));
    deploy('embedded', 'def broken(:\n');
    expect(await both('/embedded')).toEqual(twice('500'));
    deploy('embedded', version('d'));
    // A text that failed a moment ago is not run again for each request.
    expect(await both('/embedded')).toEqual([
      'd of a,b,c,broken,broken,d beside 0',
      'd of a,b,c,broken,d beside 0',
    ]);
    deploy('embedded', 'nothing = 1\n');
    expect(await both('/embedded')).toEqual(twice('404'));
    unlinkSync(join(beside.site.folder.path, 'apps/embedded.wsgi'));
    expect(await both('/embedded')).toEqual(twice('404'));
  });

  it('gets another process in daemon mode, which has to be ready first', async () => {
    expect(await both('/daemon')).toEqual(twice('a of a beside 0'));
    deploy('daemon', version('b'));
    // mod_wsgi has the client wait for another process; here the one that runs answers until then.
    expect(await both('/daemon')).toEqual(['b of b beside 0', 'a of a beside 0']);
    await answered('/daemon', 'b of b beside 0');
  });

  it('leaves the process of the last good text in place in daemon mode', async () => {
    expect(await both('/kept')).toEqual(twice('a of a beside 0'));
    deploy('kept', FAILING);
    expect(await both('/kept')).toEqual(['500', 'a of a beside 0']);
    await beside.sidecar.process.waitForLine(
      (line) => line.includes('Cannot import') && line.includes('kept.wsgi'),
      'the broken deploy was told',
    );
    expect(await both('/kept')).toEqual(['500', 'a of a beside 0']);
    deploy('kept', version('c'));
    await answered('/kept', 'c of c beside 0');
    expect(await ask(beside.site.port, '/kept')).toMatch(/^c of broken,.*c beside 0$/);
  });
});

function twice(text: string): readonly string[] {
  return [text, text];
}
