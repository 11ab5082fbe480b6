/**
 * Which directives a private copy keeps: those that decide on virtual hosts, paths and names. All others are left out, so that
 * nothing starts, is written or is asked that the copy does not need. An argument that is a path leads into the mirrored files.
 */

/** What becomes of a directive: `first-path` and `second-path` lead that argument into the mirrored files. */
export type CopyRule =
  | 'keep'
  | 'first-path'
  | 'second-path'
  | 'server-name'
  | 'daemon-process'
  | 'rewrite-rule'
  | 'rewrite-map';

const kept = `
ServerAlias UseCanonicalName UseCanonicalPhysicalPort HttpProtocolOptions AllowEncodedSlashes MergeSlashes AcceptPathInfo Options
SetHandler ForceType ErrorDocument StrictHostCheck TraceEnable RegisterHttpMethod ServerAdmin RegexDefaultOptions
AddHandler RemoveHandler AddType RemoveType AddLanguage RemoveLanguage AddCharset RemoveCharset AddEncoding RemoveEncoding
MultiviewsMatch DefaultLanguage DirectoryIndex DirectorySlash DirectoryIndexRedirect DirectoryCheckHandler FallbackResource
Redirect RedirectMatch RedirectTemp RedirectPermanent AliasPreservePath RedirectRelative
SetEnv UnsetEnv PassEnv SetEnvIf SetEnvIfNoCase SetEnvIfExpr BrowserMatch BrowserMatchNoCase
RewriteEngine RewriteOptions RewriteBase RewriteCond LanguagePriority ForceLanguagePriority
WSGIApplicationGroup WSGIProcessGroup WSGICallableObject WSGIRestrictProcess WSGIRestrictEmbedded WSGICaseSensitivity
WSGITrustedProxies WSGITrustedProxyHeaders WSGIMapHEADToGET User Group
`;

const aliases =
  'Alias AliasMatch ScriptAlias ScriptAliasMatch WSGIScriptAlias WSGIScriptAliasMatch WSGIHandlerScript';

const rules: ReadonlyMap<string, CopyRule> = new Map<string, CopyRule>([
  ...wordsOf(kept).map((key): [string, CopyRule] => [key, 'keep']),
  ...wordsOf(aliases).map((key): [string, CopyRule] => [key, 'second-path']),
  ...wordsOf(
    'DocumentRoot VirtualDocumentRoot VirtualDocumentRootIP VirtualScriptAlias VirtualScriptAliasIP',
  ).map((key): [string, CopyRule] => [key, 'first-path']),
  ['servername', 'server-name'],
  ['wsgidaemonprocess', 'daemon-process'],
  ['rewriterule', 'rewrite-rule'],
  ['rewritemap', 'rewrite-map'],
]);

function wordsOf(text: string): string[] {
  return text.toLowerCase().trim().split(/\s+/);
}

/** The rule of a directive by its lower-case name; undefined for one that is left out. */
export function copyRule(key: string): CopyRule | undefined {
  return rules.get(key);
}

/** Sections that are kept, by what their argument is. */
export const copiedSections: Readonly<Record<string, 'hosts' | 'path' | 'pattern' | 'as-is'>> = {
  virtualhost: 'hosts',
  directory: 'path',
  directorymatch: 'pattern',
  files: 'as-is',
  filesmatch: 'as-is',
  location: 'as-is',
  locationmatch: 'as-is',
  if: 'as-is',
  elseif: 'as-is',
  else: 'as-is',
};

/** Modules that the copy loads where the original does: those of the directives above, and what Apache needs to start. */
export const copiedModules: ReadonlySet<string> = new Set(
  `mpm_event mpm_worker mpm_prefork unixd authz_core log_config version so http mime dir alias env setenvif rewrite negotiation vhost_alias wsgi`
    .split(' ')
    .map((name) => `${name}_module`),
);
