import { describe, expect, it } from 'vitest';
import { renderDiagnostic } from '../../src/apache/diagnostic.ts';
import { judgeImports, judgeMounts } from '../../src/sidecar/declared-mounts.ts';
import { noRouteOf, siteOf } from '../support/site-of.ts';

const granted = '<Directory /srv>\nRequire all granted\n</Directory>\nWSGIDaemonProcess shop\n';
const findings = (text: string): string[] => judgeMounts(siteOf(granted + text)).map(renderDiagnostic);

describe('judgeMounts()', () => {
  it.each([
    [
      'nothing defines',
      'WSGIScriptAlias /a /srv/a.wsgi process-group=shpo',
      'No WSGIDaemonProcess is called "shpo"',
    ],
    [
      'WSGIRestrictProcess does not list',
      'WSGIRestrictProcess other\nWSGIScriptAlias /a /srv/a.wsgi process-group=shop',
      'WSGIRestrictProcess does not list the process group "shop"',
    ],
    [
      'is embedded mode, which is not listed',
      'WSGIRestrictProcess shop\nWSGIScriptAlias /a /srv/a.wsgi',
      'WSGIRestrictProcess does not list the process group "%{GLOBAL}"',
    ],
    [
      'is embedded mode, which is forbidden',
      'WSGIRestrictEmbedded On\nWSGIScriptAlias /a /srv/a.wsgi',
      'WSGIRestrictEmbedded forbids embedded mode',
    ],
  ])('tells of a mount whose process group %s, as its requests are told', (_, text, problem) => {
    const [first, ...more] = findings(text);
    expect(first).toMatch(/test\.conf:\d+: warning: WSGIScriptAlias: Requests of "\/a" get 500/);
    expect(first).toContain(problem);
    expect(more).toEqual([]);
    expect(noRouteOf(siteOf(granted + text), 'http://machine.test/a')).toMatchObject({
      status: 500,
      message: problem,
    });
  });

  it.each([
    ['is defined', 'WSGIScriptAlias /a /srv/a.wsgi process-group=shop'],
    ['is listed', 'WSGIRestrictProcess shop\nWSGIScriptAlias /a /srv/a.wsgi process-group=shop'],
    ['is embedded mode', 'WSGIScriptAlias /a /srv/a.wsgi'],
    ['only a request tells', 'WSGIScriptAlias /a /srv/a.wsgi process-group=%{ENV:WHERE}'],
  ])('has nothing to say of a mount whose process group %s', (_, text) => {
    expect(findings(text)).toEqual([]);
  });

  it('tells of a process group that belongs to another virtual host', () => {
    const host = (name: string, text: string): string =>
      `<VirtualHost *:80>\nServerName ${name}.test\n${text}\n</VirtualHost>\n`;
    const text =
      host('a', 'WSGIDaemonProcess own') + host('b', 'WSGIScriptAlias /b /srv/b.wsgi process-group=own');
    expect(findings(text)).toEqual([
      expect.stringContaining('The process group "own" belongs to another virtual host'),
    ]);
  });
});

describe('judgeImports()', () => {
  const script = 'WSGIImportScript /srv/a.wsgi process-group=shop application-group=%{GLOBAL}\n';
  const unused = (text: string): string[] =>
    judgeImports(siteOf(granted + script + text)).map(renderDiagnostic);

  it('tells of an import into a main interpreter in which no mount runs', () => {
    expect(unused('WSGIScriptAlias /a /srv/a.wsgi process-group=shop')).toEqual([
      expect.stringMatching(
        /test\.conf:5: warning: WSGIImportScript: No request runs in "%\{GLOBAL\}" of process group "shop": "\/srv\/a\.wsgi" is not imported there/,
      ),
    ]);
  });

  it.each([
    ['a mount runs', 'WSGIScriptAlias /a /srv/a.wsgi process-group=shop application-group=%{GLOBAL}'],
    [
      'only requests tell',
      'WSGIScriptAlias /a /srv/a.wsgi process-group=shop application-group=%{ENV:WHERE}',
    ],
    ['only requests tell which script', 'WSGIScriptAlias /a/ /srv/folder/ process-group=shop'],
  ])('has nothing to say where %s', (_, text) => {
    expect(unused(text)).toEqual([]);
  });
});
