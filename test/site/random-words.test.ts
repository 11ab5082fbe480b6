import { afterAll, describe, expect, it } from 'vitest';
import { isJudgeMissing, refusedOf, startedWith } from '../apache/start-judge.ts';
import { fc, runs } from '../support/property.ts';
import { readSiteText } from '../support/site-of.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const ADDRESSES =
  '10 10.1 1.2.3.4 256 1.2.3.4/32 1.2.3.4/33 1.2.3.4/0 1.2.3.4/ 1.2.3.4/255.255.0.0 1.2.3.4/255.0.255.0 1.2/16 ::1 ::1/128 ::1/129 ::1/x fe80::/+10 FE80:: 0x10 1.2.3.4. 1..2 01.02.03.04 ::1.2.3.4 ::ffff:1.2.3.4 1:2 1.2.3.4/-1 . 1.2.3.';
const TARGETS =
  '/a a http://b/ permanent 301 gone 410 404 seeother "/a b" temp 999 3x1 relative mailto:x HTTP://x';
const NUMBERS = '5 +5 -0 -1 " 5" "5 " 0x5 5.0 1e3 "" 9999999999999999999 4294967295 2147483648 +-5 5k';
const FLAGS = 'On OFF on off Default DNS NoDecode Extended Optional Auto maybe "" On,Off';

/** Beginnings of lines, words to try behind them, and how many at most. */
const KINDS: readonly (readonly [beginnings: readonly string[], words: string, most: number])[] = [
  [['Options'], 'All None Indexes +Indexes -ExecCGI +All -None RunScripts Includes indexs + ""', 4],
  [
    ['AllowOverride'],
    'All None FileInfo Options Options=Indexes Options=All Options= Options=,Indexes Options=+Indexes Nonfatal=x Nonfatal FileInfo=a None=x Nonsense',
    3,
  ],
  [['Redirect', 'RedirectMatch', 'RedirectPermanent', 'RedirectTemp'], TARGETS, 4],
  [['Require ip', 'Require ip 10', 'Require not ip', 'Require IP', 'WSGITrustedProxies'], ADDRESSES, 2],
  [['Require all', 'Require not all', 'Require ALL'], 'granted denied GRANTED grantd ""', 2],
  [['Require method', 'AllowMethods'], 'GET get HEAD FOO reset RESET GET,POST VERSION-CONTROL', 3],
  [['Allow', 'Deny', 'Allow from', 'deny FROM'], `from all env=X env= name.test ${ADDRESSES}`, 2],
  [['Order', 'Satisfy', 'AuthMerging'], 'deny,allow Allow,Deny deny, mutual-failure any All off AND or', 2],
  [
    'AcceptPathInfo UseCanonicalName UseCanonicalPhysicalPort DirectorySlash RewriteEngine CGIPassAuth WSGIPassAuthorization WSGIMapHEADToGET WSGIScriptReloading'.split(
      ' ',
    ),
    FLAGS,
    2,
  ],
  [['LimitRequestBody'], NUMBERS, 2],
  [['DirectoryIndexRedirect'], `On off permanent Temp seeother 300 399 400 301x 0301 x301 ${NUMBERS}`, 2],
];

/** The same for those that stand outside sections. */
const OUTSIDE: typeof KINDS = [
  [
    'AllowEncodedSlashes MergeSlashes TraceEnable SSLEngine StrictHostCheck WSGIRestrictEmbedded'.split(' '),
    FLAGS,
    2,
  ],
  ['LimitRequestLine LimitRequestFields LimitRequestFieldSize WSGIPythonHashSeed'.split(' '), NUMBERS, 2],
  [['Listen'], '80 0 65536 [::1]:80 [::1] ::1:80 *:80 * https "80 " 80:80 [1.2.3.4]:80 8080http +80', 3],
  [['ServerName'], 'a a:80 a:0 a:80:90 http://a:81 a* [a [a] a] :// a:80x "" a[] a? a:', 2],
  [
    ['VirtualDocumentRoot', 'VirtualScriptAliasIP'],
    '/a/%0 /% /%% /%p /%1.2.3 /%-1+ /%1+. /%1+.-2+x /%+1 none /a a /a%z /%1. /%12 /%-p',
    2,
  ],
  [['RewriteRule a', 'RewriteRule a b'], 'a "a b" [L] [L,R=301] [] L [L,] [L]x "[L,NC]" [NC,', 2],
  [['RewriteCond', 'RewriteCond "a b" c'], 'a "a b" [NC] [NC,OR] [L] L [NC,] [nv=3] "[NC]" NC]', 2],
  [
    ['WSGIDispatchScript', 'WSGIDispatchScript /x'],
    '"/x y" application-group=a application-group= process-group=a =b a= x ""',
    2,
  ],
];

const linesOf = (kinds: typeof KINDS): fc.Arbitrary<string> =>
  fc.constantFrom(...kinds).chain(([beginnings, words, most]) => {
    const word = fc.constantFrom(...(words.match(/"[^"]*"|\S+/g) ?? []));
    return fc
      .tuple(fc.constantFrom(...beginnings), fc.array(word, { maxLength: most }))
      .map(([beginning, said]) => [beginning, ...said].join(' '));
  });

const inside = linesOf(KINDS).map((line) => `<Directory /srv>\n${line}\n</Directory>`);
const anywhere = fc.oneof(inside, linesOf(OUTSIDE));

const folder = makeTemporaryFolder('wsgi-sidecar-random-words-');
afterAll(() => folder.remove());

function isRefused(text: string): boolean {
  return readSiteText(text).diagnostics.some(({ id }) => id === 'config-syntax');
}

describe('wordDiagnostics()', { timeout: 120_000 }, () => {
  it.skipIf(isJudgeMissing())('agrees with the real Apache about words at random', async () => {
    const texts = [...new Set(fc.sample(anywhere, runs(150).numRuns))];
    const refused = texts.filter(isRefused);
    const taken = texts.filter((text) => !isRefused(text));
    expect(Math.min(refused.length, taken.length)).toBeGreaterThan(10);
    expect(await startedWith(folder, refused)).toEqual([]);
    expect(await refusedOf(folder, taken)).toEqual([]);
  });
});
