/**
 * Directives where Apache does not start with them (httpd `req_override`, `ap_check_cmd_context()`), for those that readers of this folder
 * take. A warning, since versions differ, and what is in force was started by some Apache.
 */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { DirectiveNode, Section } from '../apache/directive.ts';
import { diagnose } from './diagnose.ts';

/** Where a directive may stand: outside of all sections; there and in virtual hosts; in sections for places alone; anywhere but in a location. */
type Context = 'global' | 'server' | 'place' | 'files';

/** Where a directive stands. */
type Around = { readonly kind: 'main' | 'host' | 'place' | 'location'; readonly name: string };

const NAMES: Readonly<Record<Context, string>> = {
  global: `Group Listen MaxClients MaxRequestWorkers RegisterHttpMethod ThreadsPerChild User WSGICaseSensitivity
    WSGIDestroyInterpreter WSGIDontWriteBytecode WSGILazyInitialization WSGIPythonEggs WSGIPythonHashSeed WSGIPythonHome
    WSGIPythonOptimize WSGIPythonPath WSGIPythonWarnings WSGIRestrictEmbedded WSGIRestrictSignal WSGIRestrictStdin
    WSGIRestrictStdout WSGIServerMetrics WSGISocketRotation WSGIVerboseDebugging <VirtualHost`,
  server: `AliasMatch AllowEncodedSlashes DocumentRoot HttpProtocolOptions LimitRequestFields LimitRequestFieldSize LimitRequestLine
    MergeSlashes RewriteMap ScriptAliasMatch ServerAdmin ServerAlias ServerName ServerPath SSLEngine StrictHostCheck TraceEnable UserDir
    VirtualDocumentRoot VirtualDocumentRootIP VirtualScriptAlias VirtualScriptAliasIP WSGIDaemonProcess WSGIImportScript
    WSGIScriptAlias WSGIScriptAliasMatch <Directory <DirectoryMatch <Location <LocationMatch <Proxy`,
  place: `Allow AllowMethods AllowOverride AllowOverrideList AuthMerging AuthType CGIPassAuth Deny ModMimeUsePathInfo Order
    Require Satisfy SSLRequire SSLRequireSSL WSGIAccessScript WSGIAuthGroupScript WSGIAuthUserScript WSGIGroupAuthoritative
    <Limit <LimitExcept <RequireAll <RequireAny <RequireNone`,
  files: '<Files <FilesMatch',
};

/** By lower-case name, sections with `<`. */
export const contexts: ReadonlyMap<string, Context> = new Map(
  Object.entries(NAMES).flatMap(([context, names]) =>
    names.split(/\s+/).map((name) => [name.toLowerCase(), context as Context] as const),
  ),
);

const WRONG: Readonly<Record<Context, readonly Around['kind'][]>> = {
  global: ['host', 'place', 'location'],
  server: ['place', 'location'],
  place: ['main', 'host'],
  files: ['location'],
};

const ADVICE: Readonly<Record<Context, string>> = {
  global: 'Put it outside of all sections',
  server: 'Put it into a <VirtualHost>, or outside of all sections',
  place: 'Put it into a <Directory>, <Location> or the like',
  files: 'Put it into a <Directory>, or name the files in <LocationMatch>',
};

const PLACES =
  /^(?:directory|directorymatch|files|filesmatch|if|elseif|else|limit|limitexcept|proxy|proxymatch|require(?:all|any|none))$/;

/** A directive or section, and what is to be said of where it stands. */
export type Misplaced = { readonly node: DirectiveNode; readonly finding: Diagnostic };

/** All of a tree; what stands in sections of other modules is theirs to judge. */
export function misplacedIn(
  nodes: readonly DirectiveNode[],
  around: Around = { kind: 'main', name: 'outside of all sections' },
): readonly Misplaced[] {
  return nodes.flatMap((node) => {
    const own = misplaced(node, around);
    if (node.kind === 'directive') return own;
    const kind = kindOf(node, around);
    if (kind === undefined) return own;
    return [...own, ...misplacedIn(node.children, { kind, name: `in <${node.name}>` })];
  });
}

/** Undefined for a section of another module. */
function kindOf({ key }: Section, around: Around): Around['kind'] | undefined {
  if (key === 'virtualhost') return 'host';
  if (key === 'location' || key === 'locationmatch') return 'location';
  if (!PLACES.test(key)) return undefined;
  return around.kind === 'location' ? 'location' : 'place';
}

function misplaced(node: DirectiveNode, { kind, name }: Around): readonly Misplaced[] {
  const context = contexts.get(node.kind === 'section' ? `<${node.key}` : node.key);
  if (context === undefined || !WRONG[context].includes(kind)) return [];
  const finding = diagnose(node, 'warning', 'directive-misplaced', `Apache does not start with it ${name}`);
  return [{ node, finding: { ...finding, advice: ADVICE[context] } }];
}
