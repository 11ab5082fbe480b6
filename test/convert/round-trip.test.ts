import { describe, expect, it } from 'vitest';
import type { DirectiveNode } from '../../src/apache/directive.ts';
import { splitWords } from '../../src/apache/lexer.ts';
import { firstDifference } from '../../src/cli/same-site.ts';
import { directive, rawDirective, section } from '../../src/convert/node.ts';
import { buildSite } from '../../src/site/build.ts';
import { convertTree } from '../run/convert-scenario.ts';
import { fc, runs } from '../support/property.ts';

const position = { file: '/a.conf', line: 1 };

const byte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
const odd = fc.string({ unit: byte, maxLength: 6 }).map((text) => text.replaceAll('\n', ' '));
const plain = fc.constantFrom(
  ...[
    'On',
    'Off',
    'on',
    'None',
    'all',
    '/a',
    '/b',
    '/a/b.wsgi',
    'x',
    'X',
    'y',
    '404',
    '410',
    'permanent',
    '%{GLOBAL}',
  ],
  ...[
    '%{SERVER}',
    'granted',
    'denied',
    'from',
    '^/a(?<n>.)$',
    '^/(.*)',
    '+ExecCGI',
    '-Indexes',
    'Indexes',
    'disabled',
  ],
  ...[
    'a=b',
    '!a',
    'a',
    'b=',
    '=c',
    '.wsgi',
    '.py',
    'wsgi-script',
    'env=a',
    '10.0.0.0/8',
    '',
    'a b',
    '"',
    "'q",
    'caf\xe9',
  ],
  ...[
    'caf\xc3\xa9',
    '~',
    'process-group=p',
    'application-group=%{ENV:a}',
    'python-path=/x:/y',
    'user=u',
    'threads=03',
  ],
  ...[
    'callable-object=c',
    'pass-authorization=On',
    'null',
    'true',
    '012',
    '[PT,E=a:b]',
    '-',
    '!',
    '1.0',
    '"a b"',
    '#c',
  ],
);
const word = fc.oneof({ weight: 9, arbitrary: plain }, { weight: 1, arbitrary: odd });

/** Names with which words make sense now and then. */
const names =
  `WSGIScriptAlias WSGIScriptAliasMatch WSGIImportScript WSGIDaemonProcess WSGIHandlerScript WSGIDispatchScript
WSGIProcessGroup WSGIApplicationGroup WSGICallableObject WSGIPassAuthorization WSGIRestrictProcess WSGITrustedProxies
WSGITrustedProxyHeaders WSGIMapHEADToGET Alias AliasMatch ScriptAlias Redirect RedirectMatch RedirectPermanent RedirectTemp
SetEnv UnsetEnv PassEnv SetEnvIf SetEnvIfNoCase SetEnvIfExpr BrowserMatch RewriteEngine RewriteRule RewriteCond RewriteBase
RewriteOptions RewriteMap Options AcceptPathInfo SetHandler ForceType AddHandler RemoveHandler AddType RemoveType AddLanguage
RemoveLanguage AddCharset ErrorDocument DirectoryIndex DirectorySlash FallbackResource Require Order Allow Deny Satisfy
AuthType AuthMerging SSLVerifyClient SSLRequire SSLRequireSSL WSGIAccessScript ServerName ServerAlias ServerAdmin
DocumentRoot SSLEngine MergeSlashes AllowEncodedSlashes UseCanonicalName HttpProtocolOptions TraceEnable Listen User
MaxRequestWorkers MaxClients WSGIPythonPath WSGIPythonWarnings WSGICaseSensitivity AllowOverride
AllowOverrideList ErrorLog Header Unheard`.split(/\s+/);

const known: fc.Arbitrary<DirectiveNode> = fc
  .tuple(fc.constantFrom(...names), fc.array(word, { maxLength: 4 }))
  .map(([name, words]) => directive(name, words, position));
const raw: fc.Arbitrary<DirectiveNode> = fc
  .tuple(fc.constantFrom(...names), fc.array(word, { maxLength: 4 }))
  .map(([name, words]) => rawDirective(name, words.join(' '), position));

const { tree } = fc.letrec<{
  tree: DirectiveNode[];
  node: DirectiveNode;
  inner: DirectiveNode;
  group: DirectiveNode;
}>((tie) => {
  const inside = fc.array(tie('inner'), { maxLength: 4 });
  const requirement = fc
    .array(word, { minLength: 1, maxLength: 3 })
    .map((words) => directive('Require', words, position));
  const ofGroup = fc.array(fc.oneof({ depthSize: 'small' }, requirement, tie('group')), { maxLength: 3 });
  const named = (options: readonly string[]): fc.Arbitrary<DirectiveNode> =>
    fc
      .tuple(fc.constantFrom(...options), word, inside)
      .map(([name, text, children]) => section(name, [text], children, position));
  const access = fc
    .tuple(fc.constantFrom('Require', 'Allow', 'Deny'), fc.array(word, { minLength: 1, maxLength: 3 }))
    .map(([name, words]) => directive(name, words, position));
  const limit = fc
    .tuple(fc.constantFrom('Limit', 'LimitExcept'), word, fc.array(access, { maxLength: 4 }))
    .map(([name, method, children]) => section(name, [method], children, position));
  const proxy = fc
    .tuple(fc.constantFrom('ProxyPass', 'ProxyPassMatch'), fc.array(word, { minLength: 2, maxLength: 4 }))
    .map(([name, words]) => directive(name, words, position));
  const leaf = fc.oneof(known, known, raw);
  const innerSection = named(['Files', 'FilesMatch', 'If', 'ElseIf', 'Else']);
  return {
    group: fc
      .tuple(fc.constantFrom('RequireAll', 'RequireAny', 'RequireNone'), ofGroup)
      .map(([name, children]) => section(name, [], children, position)),
    inner: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, innerSection, limit, tie('group')),
    node: fc.oneof(
      leaf,
      proxy,
      named(['Directory', 'DirectoryMatch', 'Location', 'LocationMatch', 'Proxy']),
      innerSection,
      limit,
      tie('group'),
    ),
    tree: fc.array(tie('node'), { maxLength: 7 }),
  };
});

const whole = fc
  .tuple(tree, fc.array(fc.tuple(fc.constantFrom('*:80', '10.0.0.1', '[::1]:81'), tree), { maxLength: 2 }))
  .map(([main, hosts]) => [
    ...main,
    ...hosts.map(([address, children]) => section('VirtualHost', [address], children, position)),
  ]);

describe('toYaml() and fromYaml()', () => {
  it('give a site that means the same, for any tree', () => {
    fc.assert(
      fc.property(whole, (nodes) => {
        const options = { environment: { a: 'from outside' } };
        const { text, sites } = convertTree(nodes, options);
        expect([text, sites.problems]).toEqual([text, []]);
        const built = [nodes, sites.tree].map((each) => buildSite(each, options).site);
        expect([text, firstDifference(built[0], built[1])]).toEqual([text, undefined]);
      }),
      runs(200),
    );
  });

  it('name lines of the settings file', () => {
    fc.assert(
      fc.property(whole, (nodes) => {
        const { text, sites } = convertTree(nodes, {});
        const count = text.split('\n').length;
        const visit = (list: readonly DirectiveNode[]): void => {
          for (const node of list) {
            expect(node.position.file).toBe('sidecar.yaml');
            expect(node.position.line).toBeGreaterThan(3);
            expect(node.position.line).toBeLessThan(count);
            if (node.kind === 'section') visit(node.children);
          }
        };
        visit(sites.tree);
      }),
      runs(100),
    );
  });
});

describe('directive()', () => {
  it('has a text that reads back as its words', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        expect(splitWords(directive('X', words, position).text)).toEqual(words);
      }),
    );
  });
});
