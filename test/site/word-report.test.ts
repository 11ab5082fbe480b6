import { afterAll, describe, expect, it } from 'vitest';
import { type Diagnostic, renderDiagnostic } from '../../src/apache/diagnostic.ts';
import { accessForms } from '../../src/site/access-forms.ts';
import { coreForms, plainCoreForms } from '../../src/site/core-forms.ts';
import { scriptForms } from '../../src/site/script-words.ts';
import { plainWsgiForms, wsgiForms } from '../../src/site/wsgi-forms.ts';
import { isJudgeMissing, refusedOf, startedWith } from '../apache/start-judge.ts';
import { readSiteText } from '../support/site-of.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

/** One word, On or Off, as httpd's own flags; what stands behind is passed over. */
const FLAGS =
  'MergeSlashes StrictHostCheck DirectorySlash DirectoryCheckHandler AliasPreservePath RedirectRelative RewriteEngine'.split(
    ' ',
  );
/** The same, alone. */
const SOLE_FLAGS =
  'WSGIPassAuthorization WSGIScriptReloading WSGIChunkedRequest WSGIIgnoreActivity WSGIDontWriteBytecode WSGIRestrictEmbedded WSGIRestrictSignal WSGIRestrictStdin WSGIRestrictStdout WSGICaseSensitivity WSGILazyInitialization WSGIDestroyInterpreter WSGIServerMetrics WSGIPassApacheRequest WSGIEnableSendfile WSGIErrorOverride WSGIVerboseDebugging WSGISocketRotation UseCanonicalPhysicalPort'.split(
    ' ',
  );
/** One word that nobody judges. */
const TEXTS =
  'WSGIProcessGroup WSGIApplicationGroup WSGICallableObject WSGIPythonHome WSGIPythonPath WSGIPythonWarnings WSGIPythonEggs ServerPath ServerAdmin DocumentRoot SetHandler ForceType FallbackResource User Group'.split(
    ' ',
  );

/** What Apache does not start with, outside sections. */
const REFUSED: readonly string[] = [
  ...FLAGS.map((name) => `${name} maybe`),
  ...SOLE_FLAGS.map((name) => `${name} perhaps`),
  ...TEXTS.map((name) => `${name} one two`),
  'WSGIPassAuthorization On On',
  'MergeSlashes',
  'AcceptPathInfo maybe',
  'AcceptPathInfo ""',
  'UseCanonicalName maybe',
  'AllowEncodedSlashes maybe',
  'TraceEnable maybe',
  'SSLEngine maybe',
  'LimitRequestBody abc',
  'LimitRequestBody 10k',
  'LimitRequestBody -1',
  'LimitRequestBody 0x10',
  'LimitRequestBody 9223372036854775808',
  'LimitRequestLine -1',
  'LimitRequestLine 4294967295',
  'LimitRequestFields -1',
  'LimitRequestFieldSize -1',
  'MaxRequestWorkers 1 2',
  'MaxClients',
  'ThreadsPerChild 1 2',
  'DirectoryIndexRedirect maybe',
  'DirectoryIndexRedirect 200',
  'ErrorDocument 404',
  'ErrorDocument abc /x',
  'HttpProtocolOptions maybe',
  'HttpProtocolOptions',
  'HttpProtocolOptions Strict Unsafe',
  'RewriteOptions',
  'RewriteOptions ""',
  'RewriteBase a',
  'RewriteMap a',
  'RewriteMap a int:nonsense',
  'RewriteCond a',
  'RewriteCond %{X} a [XX]',
  'RewriteCond %{X} a NC',
  'RewriteRule a',
  'RewriteRule a b L',
  'RewriteRule a b [L, R]',
  'RewriteRule a b []',
  'ServerName a.test:0',
  'ServerName a.test:70000',
  'ServerName a.test:',
  'ServerName *.test',
  'ServerName [::1]:80',
  'Listen [127.0.0.1]:80',
  'Listen abc',
  'Listen 70000',
  'Listen 127.0.0.1',
  'Listen 80 http extra',
  'VirtualDocumentRoot relative',
  'VirtualDocumentRoot /a/%x',
  'VirtualDocumentRoot /a/%1.txt',
  'VirtualDocumentRoot /%1+.',
  'VirtualDocumentRootIP /a/%',
  'VirtualScriptAlias /a/%-',
  'VirtualScriptAliasIP /a/%1.',
  'UserDir',
  'SetEnv',
  'SetEnv A b c',
  'PassEnv',
  'UnsetEnv',
  'SetEnvIf a b',
  'SetEnvIfNoCase a',
  'SetEnvIfExpr "true"',
  'BrowserMatch a',
  'BrowserMatchNoCase a',
  ...['Handler', 'Type', 'Language', 'Encoding', 'Charset'].flatMap((name) => [
    `Add${name} x`,
    `Remove${name}`,
  ]),
  'Alias /x',
  'Alias /x /y /z',
  'AliasMatch /x',
  'ScriptAlias /x',
  'ScriptAliasMatch /x',
  'Redirect /a',
  'Redirect /a b',
  'Redirect permanant /a http://b/',
  'Redirect gone /a http://b/',
  'Redirect 3x1 /a http://b/',
  'RedirectMatch 301 a',
  'RedirectMatch gone',
  'RedirectPermanent /a',
  'RedirectPermanent /a b',
  'RedirectTemp /a http://b/ c',
  'RegisterHttpMethod',
  'SSLVerifyClient no',
  'WSGIMapHEADToGET perhaps',
  'WSGITrustedProxies 10.0.0.0/33',
  'WSGITrustedProxies 10.0.0.1, 10.0.0.2',
  'WSGITrustedProxies FE80::/10',
  'WSGITrustedProxies ::ffff:10.0.0.1',
  'WSGITrustedProxies localhost',
  'WSGITrustedProxies 0.0.0.0/0',
  'WSGITrustedProxies 10.0.0.0/+8',
  'WSGITrustedProxies ""',
  'WSGIPythonOptimize 1 2',
  'WSGIPythonHashSeed Random',
  'WSGIPythonHashSeed 4294967296',
  'WSGIScriptAlias /x',
  'WSGIScriptAlias /x /y proces-group=a',
  'WSGIScriptAlias /x /y pass-authorization=maybe',
  'WSGIHandlerScript name',
  'WSGIHandlerScript name /x pass-authorization=maybe',
  'WSGIHandlerScript name /x callable-object=a',
  'WSGIImportScript /x application-group=b',
  'WSGIImportScript /x process-group=%{GLOBAL} application-group=b callable-object=c',
  'WSGIDispatchScript /x process-group=a',
  'WSGIDispatchScript /x application-group=',
];

/** What it does not start with in a section. */
const REFUSED_INSIDE: readonly string[] = [
  'CGIPassAuth maybe',
  'ModMimeUsePathInfo maybe',
  'Options Indexs',
  'Options +Indexes FollowSymLinks',
  'Options Indexes +FollowSymLinks',
  'Options Indexes None',
  'Options +All',
  'AllowOverride Nonw',
  'AllowOverride Nonfatal',
  'AllowOverride Options=Indexs',
  'AllowOverrideList None Foo',
  'Alias /x /y',
  'Redirect 301',
  'Redirect gone /a http://b/',
  'AuthType a b',
  'Require ALL granted',
  'Require Local',
  'WSGIAccessScript /x foo=bar',
  'WSGIAuthUserScript',
  'WSGIAuthGroupScript /x application-group=',
  'WSGIGroupAuthoritative maybe',
  '<Limit TRACE>\nRequire all granted\n</Limit>',
];

/** What it starts with, however it looks, outside sections; all of it together. */
const TAKEN: readonly string[] = [
  ...FLAGS.map((name) => `${name} ON maybe`),
  ...SOLE_FLAGS.map((name) => `${name} oFF`),
  'AcceptPathInfo DEFAULT',
  'UseCanonicalName dns',
  'AllowEncodedSlashes NODECODE',
  'TraceEnable Extended',
  'SSLEngine Optional',
  'SSLVerifyClient Optional',
  'LimitRequestBody +5',
  'LimitRequestBody -0',
  'LimitRequestBody " 9223372036854775807"',
  'HttpProtocolOptions strict REGISTEREDMETHODS Allow0.9',
  'RewriteOptions inheritdown AllowAnyURI',
  'RewriteCond %{X} a [NC,OR,NV]',
  'RewriteRule "" b [L] x',
  'RewriteRule ""',
  'RewriteMap low int:tolower',
  'ServerName http://a]b:80',
  'VirtualDocumentRoot /a/%1.2+/%-1/%p/%%',
  'SetEnv A',
  'PassEnv A "" B',
  'AddHandler x ""',
  'Redirect gone',
  'Redirect 404 /a',
  'RedirectMatch /a b',
  'Redirect /a mailto:a@b.test',
  'Redirect 301x /a http://b/',
  '<Directory /srv>\nCGIPassAuth On maybe\nModMimeUsePathInfo ON maybe\n</Directory>',
  'Options',
  'Options None +Indexes',
  'Options All -Indexes',
  'Options RunScripts',
  'WSGIMapHEADToGET AUTO',
  'WSGITrustedProxies 10 10.1. 10.0.0.0/08 ::1/128 fe80::/10',
  'WSGITrustedProxies',
  'WSGITrustedProxyHeaders X-Nonsense',
  'WSGIPythonHashSeed random',
  'WSGIPythonHashSeed " 5"',
  'WSGIRestrictProcess',
  'UserDir disabled bob',
];

/** What it starts with, and takes otherwise than it looks, or has here no meaning. */
const DOUBTFUL: readonly (readonly [line: string, said: string])[] = [
  ['LimitRequestLine 8k', 'Apache reads 8 of "8k"'],
  ['LimitRequestFields abc', 'Apache reads 0 of "abc"'],
  ['LimitRequestFieldSize 99999999999', 'Apache reads 1215752191 of "99999999999"'],
  ['MaxRequestWorkers many', 'Apache reads 0 of "many"'],
  ['ThreadsPerChild 5x', 'Apache reads 5 of "5x"'],
  ['WSGIPythonOptimize abc', 'Apache reads 0 of "abc"'],
  ['ServerName a.test:80x', 'Apache reads 80 of "80x"'],
  ['DirectoryIndexRedirect 301x', 'Apache reads 301 of "301x"'],
  ['ErrorDocument 404x /x', 'Apache reads 404 of "404x"'],
  ['WSGITrustedProxies 10.0.0.0/255.0.255.0', '"10.0.0.0/255.0.255.0" is not reckoned with here'],
  ['WSGITrustedProxies 010.1.1.1', '"010.1.1.1" is not reckoned with here'],
];

/** What this Apache refuses, and another version may take: a warning. */
const UNKNOWN: readonly string[] = [
  'RewriteOptions Sideways',
  'ErrorDocument 418 /x',
  'Listen 80 http options=reuseport',
];

const FATAL: ReadonlySet<string> = new Set([
  'config-syntax',
  'mount-not-understood',
  'import-script-not-understood',
]);

const folder = makeTemporaryFolder('wsgi-sidecar-words-');
afterAll(() => folder.remove());

function inside(lines: string): string {
  return `<Directory /srv>\n${lines}\n</Directory>`;
}

function findings(text: string, wanted: (diagnostic: Diagnostic) => boolean): readonly string[] {
  return readSiteText(text).diagnostics.filter(wanted).map(renderDiagnostic);
}

const errorsOf = (text: string): readonly string[] =>
  findings(text, ({ id, severity }) => severity === 'error' && FATAL.has(id));
const doubtsOf = (text: string): readonly string[] => findings(text, ({ id }) => id === 'word-doubtful');

describe('wordDiagnostics()', { timeout: 120_000 }, () => {
  it.each(REFUSED)('refuses what Apache does not start with: %s', (line) => {
    expect(errorsOf(line)).toHaveLength(1);
  });

  it.each(REFUSED_INSIDE)('refuses it in a section: %s', (line) => {
    expect(errorsOf(inside(line))).toHaveLength(1);
  });

  it.each(TAKEN)('says nothing of what Apache takes: %s', (line) => {
    expect([...errorsOf(line), ...doubtsOf(line)]).toEqual([]);
  });

  it.each(DOUBTFUL)('says what Apache makes of %s', (line, said) => {
    expect(errorsOf(line)).toEqual([]);
    expect(doubtsOf(line)).toEqual([expect.stringContaining(`: ${said}`)]);
  });

  it.each(UNKNOWN)('leaves to the version of Apache what has grown with it: %s', (line) => {
    expect(errorsOf(line)).toEqual([]);
    expect(doubtsOf(line)).toHaveLength(1);
  });

  it('has a line above for every directive whose words it judges', () => {
    const judged = Object.keys({
      ...coreForms,
      ...plainCoreForms,
      ...wsgiForms,
      ...plainWsgiForms,
      ...scriptForms,
    });
    const tried = new Set([...REFUSED, ...REFUSED_INSIDE].map((line) => line.toLowerCase().split(' ')[0]));
    expect(judged.filter((name) => !tried.has(name))).toEqual([]);
    // Those of access have their lines in access-forms.test.ts.
    expect(Object.keys(accessForms)).toContain('require');
  });

  it.skipIf(isJudgeMissing())('agrees with the real Apache about what does not start', async () => {
    const all = [...REFUSED, ...REFUSED_INSIDE.map(inside), ...UNKNOWN];
    expect(await startedWith(folder, all)).toEqual([]);
  });

  it.skipIf(isJudgeMissing())('agrees with the real Apache about what starts', async () => {
    expect(await refusedOf(folder, [...TAKEN, ...DOUBTFUL.map(([line]) => line)])).toEqual([]);
  });

  it('says where, what is there, and what may be written', () => {
    expect(errorsOf('\nAcceptPathInfo maybe')).toEqual([
      '/etc/apache2/test.conf:2: error: AcceptPathInfo: "maybe" is not "On" or "Off" or "Default": Write one of them',
    ]);
    expect(errorsOf('WSGITrustedProxies 10.0.0.0/33')).toEqual([
      '/etc/apache2/test.conf:1: error: WSGITrustedProxies: "10.0.0.0/33" is no address: Write e.g. 10.1.2.3, 10.1, 10.1.0.0/16 or 2001:db8::/32, with blanks between them',
    ]);
    expect(errorsOf('LimitRequestBody 10k')).toEqual([
      '/etc/apache2/test.conf:1: error: LimitRequestBody: "10k" is no number from 0 on: Write a whole number in digits',
    ]);
    expect(errorsOf('DocumentRoot /srv /www')).toEqual([
      '/etc/apache2/test.conf:1: error: DocumentRoot: Wanted one word, and there are 2: Put what belongs together into quotes',
    ]);
  });

  it('finds them in sections that the sidecar does not read', () => {
    expect(errorsOf('<Proxy *>\nAcceptPathInfo maybe\n</Proxy>')).toHaveLength(1);
  });

  it('leaves directives that it does not know to the modules that do', () => {
    expect(errorsOf('ThirdPartyFlag maybe')).toEqual([]);
  });
});

describe('buildSite()', () => {
  const site = (text: string): ReturnType<typeof readSiteText>['site'] => readSiteText(text).site;

  it('reads numbers as Apache does', () => {
    expect(site('LimitRequestLine 8k\nLimitRequestFields abc').requestLimits).toEqual({
      lineBytes: 8,
      fields: 0,
    });
    expect(site('ThreadsPerChild many\nMaxRequestWorkers -1').processes).toMatchObject({
      threadsPerChild: 1,
      maxRequestWorkers: 1,
    });
    expect(site('WSGIPythonOptimize abc').python.optimize).toBe('0');
    expect(site('ServerName a.test:+80').main.port).toBe(80);
    expect(site('LimitRequestBody 9223372036854775807').main.defaults.limitRequestBody).toBe(2 ** 63);
    expect(site('DirectoryIndexRedirect 0307x').main.defaults.directoryIndexRedirect).toBe(307);
  });

  it('adds up proxies and their headers that stand on several lines of one place', () => {
    const { serverScope } = site(
      'WSGITrustedProxies 10.0.0.1\nWSGITrustedProxies ::1\nWSGITrustedProxyHeaders X-Forwarded-For\nWSGITrustedProxyHeaders X-Forwarded-Proto',
    ).main;
    expect(serverScope.trustedProxies).toHaveLength(2);
    expect(serverScope.trustedProxyHeaders).toEqual(['HTTP_X_FORWARDED_FOR', 'HTTP_X_FORWARDED_PROTO']);
  });

  it('lets the last word of AllowOverride count', () => {
    const allows = (words: string): unknown =>
      readSiteText(`<Directory /srv>\nAllowOverride ${words}\n</Directory>`).diagnostics.some(
        ({ id }) => id === 'htaccess',
      );
    expect(['', 'None', 'All None'].map(allows)).toEqual([false, false, false]);
    expect(['None FileInfo', 'None All', 'Limit'].map(allows)).toEqual([true, true, true]);
  });
});
