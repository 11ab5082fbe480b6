import { afterAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/settings/load.ts';
import { explainQuestion } from '../../src/sidecar/explanation.ts';
import { readSite } from '../../src/sidecar/load-site.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const folder = makeTemporaryFolder();
const script = folder.write('app.wsgi', '');
const dispatch = folder.write('dispatch.py', '');
const apache = folder.write(
  'apache.conf',
  `ServerName www.test
Listen 80
LoadModule wsgi_module mod_wsgi.so
LoadModule authz_core_module mod_authz_core.so
LoadModule authn_core_module mod_authn_core.so
LoadModule mpm_event_module mod_mpm_event.so
WSGIScriptAlias /shut ${script}
WSGIScriptAlias /asked ${script}
NoSuchDirective on
<Location /shut>
  AuthType Basic
  Require valid-user
</Location>
<Location /asked>
  WSGIDispatchScript ${dispatch}
</Location>
<Directory ${folder.path}>
  Require all granted
</Directory>
`,
);
const settings = loadSettings({ flags: { apache }, environment: {} });

afterAll(() => folder.remove());

describe('explainQuestion()', () => {
  const ask = (path: string) =>
    explainQuestion(readSite(settings, {}).site, {
      url: `http://www.test${path}`,
      method: 'GET',
      headers: [],
    });

  it('names the rule of a protected mount and gives no advice on it', () => {
    expect(ask('/shut').access).toMatch(/^only behind a declared front: .*apache\.conf:12: error: Require: /);
    expect(ask('/shut').access).not.toMatch(/accessControl|legacy/);
  });

  it('takes letters beyond ASCII as clients write them, percent-encoded', () => {
    const [asked, encoded] = [ask('/käse/ü?q=ß'), ask('/k%C3%A4se/%C3%BC?q=%C3%9F')];
    expect(asked.steps).toEqual(encoded.steps);
    expect(asked.steps.map(({ text }) => text).join()).toContain('"/käse/ü"');
  });

  it('says that a running sidecar asks the dispatch script', () => {
    expect(ask('/asked').answer).toContain('dispatch.py" decides on the group: a running sidecar asks it');
  });
});

describe('readSite()', () => {
  it('says once that a directive is of no module', () => {
    const { diagnostics } = readSite(settings, {});
    const about = diagnostics.filter(({ position }) => position?.line === 9);
    expect(about.map(({ id }) => id)).toEqual(['directive-unknown']);
  });
});
