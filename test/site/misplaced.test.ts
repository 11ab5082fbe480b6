/** Directives where Apache does not start with them, judged by the real one. */
import { afterAll, describe, expect, it } from 'vitest';
import { renderDiagnostic } from '../../src/apache/diagnostic.ts';
import { contexts } from '../../src/site/misplaced.ts';
import { scopeReaders } from '../../src/site/scope-reader.ts';
import { isJudgeMissing, misplacedIn, startedWith } from '../apache/start-judge.ts';
import { readSiteText } from '../support/site-of.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

/** Every directive that is read, with words that Apache takes. */
const LINES: readonly string[] = `
AcceptPathInfo On
AddCharset utf-8 .u
AddEncoding x-gzip .gz
AddHandler a .b
AddLanguage en .en
AddType a/b .c
AliasMatch /x /y
AliasPreservePath On
Allow from all
AllowEncodedSlashes On
AllowMethods GET
AllowOverride None
AllowOverrideList None
AuthMerging Or
AuthType Basic
BrowserMatch a b
BrowserMatchNoCase a b
CGIPassAuth On
Deny from all
DirectoryCheckHandler On
DirectoryIndex a
DirectoryIndexRedirect On
DirectorySlash On
DocumentRoot /srv
ErrorDocument 404 /x
FallbackResource /x
ForceType a/b
Group www-data
HttpProtocolOptions Strict
LimitRequestBody 5
LimitRequestFields 50
LimitRequestFieldSize 500
LimitRequestLine 500
Listen 8123
LuaHookAccessChecker /a b
MaxClients 5
MaxRequestWorkers 25
MergeSlashes On
ModMimeUsePathInfo On
Options None
Order allow,deny
PassEnv A
Redirect /a http://b/
RedirectMatch /a http://b/
RedirectPermanent /a http://b/
RedirectTemp /a http://b/
RedirectRelative On
RegisterHttpMethod FOO
RemoveCharset .a
RemoveEncoding .a
RemoveHandler .a
RemoveLanguage .a
RemoveType .a
Require all granted
RewriteBase /a
RewriteCond %{X} a
RewriteEngine On
RewriteMap a int:tolower
RewriteOptions Inherit
RewriteRule a b
Satisfy any
ScriptAliasMatch /a /b
ServerAdmin a
ServerName a
ServerPath /a
SetEnv A b
SetEnvIf a b c
SetEnvIfExpr "true" a
SetEnvIfNoCase a b c
SetHandler a
SSLEngine off
SSLRequire true
SSLRequireSSL
SSLVerifyClient none
StrictHostCheck On
ThreadsPerChild 25
TraceEnable Off
UnsetEnv a
UseCanonicalName Off
UseCanonicalPhysicalPort Off
User www-data
UserDir disabled
VirtualDocumentRoot /a
VirtualDocumentRootIP /a
VirtualScriptAlias /a
VirtualScriptAliasIP /a
WSGIAccessScript /a
WSGIApplicationGroup a
WSGIAuthGroupScript /a
WSGIAuthUserScript /a
WSGICallableObject a
WSGICaseSensitivity On
WSGIChunkedRequest On
WSGIDaemonProcess a
WSGIDestroyInterpreter On
WSGIDispatchScript /a
WSGIDontWriteBytecode On
WSGIEnableSendfile On
WSGIErrorOverride On
WSGIGroupAuthoritative On
WSGIHandlerScript a /b
WSGIIgnoreActivity On
WSGIImportScript /a process-group=%{GLOBAL} application-group=b
WSGILazyInitialization On
WSGIMapHEADToGET On
WSGIPassApacheRequest On
WSGIPassAuthorization On
WSGIProcessGroup %{GLOBAL}
WSGIPythonEggs /a
WSGIPythonHashSeed random
WSGIPythonHome /usr
WSGIPythonOptimize 1
WSGIPythonPath /a
WSGIPythonWarnings a
WSGIRestrictEmbedded Off
WSGIRestrictProcess a
WSGIRestrictSignal On
WSGIRestrictStdin On
WSGIRestrictStdout On
WSGIScriptAlias /a /b
WSGIScriptAliasMatch /a /b
WSGIScriptReloading On
WSGIServerMetrics On
WSGISocketRotation On
WSGITrustedProxies 10.0.0.1
WSGITrustedProxyHeaders X-Forwarded-For
WSGIVerboseDebugging On
ServerAlias a`
  .trim()
  .split('\n');

const SECTIONS: readonly string[] = [
  '<Directory /x>\n</Directory>',
  '<DirectoryMatch /x>\n</DirectoryMatch>',
  '<Location /x>\n</Location>',
  '<LocationMatch /x>\n</LocationMatch>',
  '<Files x>\n</Files>',
  '<FilesMatch x>\n</FilesMatch>',
  '<If "true">\n</If>',
  '<Limit GET>\n</Limit>',
  '<LimitExcept GET>\n</LimitExcept>',
  '<VirtualHost *:81>\n</VirtualHost>',
  '<RequireAll>\nRequire all granted\n</RequireAll>',
  '<RequireAny>\nRequire all granted\n</RequireAny>',
  '<RequireNone>\nRequire all denied\n</RequireNone>',
  '<Proxy *>\n</Proxy>',
];

const SURROUNDINGS: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => `<VirtualHost *:80>\n${line}\n</VirtualHost>`,
  (line) => `<Directory /srv>\n${line}\n</Directory>`,
];

/** In a section they take one word more or less; that is judged with the words. */
const OTHERWISE: ReadonlySet<string> = new Set(['alias', 'scriptalias', 'proxypass', 'proxypassmatch']);

/** What Apache does not start with there for another reason; that is judged elsewhere, too. */
const ALONE = /^(?:LuaHookAccessChecker|RewriteBase|ServerAlias|<RequireNone)/;

const folder = makeTemporaryFolder('wsgi-sidecar-places-');
afterAll(() => folder.remove());

const nameOf = (line: string): string => (/^<?\w+/.exec(line)?.[0] ?? '').toLowerCase();
const found = (text: string): readonly string[] =>
  readSiteText(text)
    .diagnostics.filter(({ id }) => /^directive-(?:misplaced|not-understood)$/.test(id))
    .map(renderDiagnostic);

describe('misplacedIn()', { timeout: 120_000 }, () => {
  it('has a line above for every directive that it judges or that is read', () => {
    const tried = new Set([...LINES, ...SECTIONS].map(nameOf));
    const known = [...contexts.keys(), ...scopeReaders.keys()];
    expect(known.filter((name) => !tried.has(name) && !OTHERWISE.has(name))).toEqual([]);
  });

  it.skipIf(isJudgeMissing())('agrees with the real Apache about every place', async () => {
    for (const around of SURROUNDINGS) {
      const lines = [...LINES, ...SECTIONS];
      const wrong = lines.filter((line) => found(around(line)).length > 0);
      const right = lines.filter((line) => !wrong.includes(line));
      const apart = right.filter((line) => ALONE.test(line));
      const together = around(right.filter((line) => !ALONE.test(line)).join('\n'));
      const judged = await misplacedIn(folder, [...wrong, ...apart].map(around));
      expect(judged).toEqual([...wrong.map(() => true), ...apart.map(() => false)]);
      expect(await startedWith(folder, [together])).toEqual([together]);
      expect(await misplacedIn(folder, [together])).toEqual([false]);
      expect(wrong.length).toBeGreaterThan(10);
    }
  });

  it.skipIf(isJudgeMissing())('agrees with it about sections in locations', async () => {
    const texts = SECTIONS.flatMap((section) => [
      `<Location /a>\n${section}\n</Location>`,
      `<Location /a>\n<If "true">\n${section}\n</If>\n</Location>`,
    ]);
    expect(texts.map((text) => found(text).length > 0)).toEqual(await misplacedIn(folder, texts));
  });

  it('says where it stands and where it may, once', () => {
    expect(found('<Directory /srv>\nWSGIScriptAlias /a /b\n</Directory>')).toEqual([
      '/etc/apache2/test.conf:2: warning: WSGIScriptAlias: Apache does not start with it in <Directory>: Put it into a <VirtualHost>, or outside of all sections',
    ]);
    expect(found('<VirtualHost *:80>\nWSGIPythonPath /a\n</VirtualHost>')).toEqual([
      '/etc/apache2/test.conf:2: warning: WSGIPythonPath: Apache does not start with it in <VirtualHost>: Put it outside of all sections',
    ]);
    expect(found('Require all granted')).toEqual([
      '/etc/apache2/test.conf:1: warning: Require: Apache does not start with it outside of all sections: Put it into a <Directory>, <Location> or the like',
    ]);
  });

  it('leaves sections of other modules to them', () => {
    expect(found('<AuthnProviderAlias file a>\nAuthType Basic\n</AuthnProviderAlias>')).toEqual([]);
  });
});
