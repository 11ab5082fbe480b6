/**
 * The one table of `sites`: which key says which directives. `to-yaml.ts` and `from-yaml.ts` both go by it, so that what is
 * written is what is read; what the directives mean is the business of `site/` alone.
 */
import { aliases, proxyPasses, redirects } from './alias-forms.ts';
import { environment, setEnvIf } from './environment-forms.ts';
import type { Form, Row } from './form.ts';
import { errorDocuments, extensions } from './mime-forms.ts';
import {
  concatenate,
  directoryIndex,
  flag,
  foldOptions,
  line,
  lines,
  presence,
  searchPath,
  single,
  word,
  words,
} from './plain-forms.ts';
import { rawLines } from './raw-form.ts';
import { rewrite } from './rewrite-form.ts';
import { conditions, limits, places, requirements } from './section-forms.ts';
import { handlerScripts, imports, mounts, processGroups, script } from './wsgi-forms.ts';

const server: readonly (readonly [key: string, form: Form])[] = [
  ['user', word('User')],
  ['group', word('Group')],
  ['maxRequestWorkers', word('MaxRequestWorkers', { others: ['MaxClients'] })],
  ['threadsPerChild', word('ThreadsPerChild')],
  ['limitRequestLine', word('LimitRequestLine')],
  ['limitRequestFields', word('LimitRequestFields')],
  ['limitRequestFieldSize', word('LimitRequestFieldSize')],
  ['pythonHome', word('WSGIPythonHome')],
  ['pythonPath', searchPath('WSGIPythonPath')],
  ['pythonOptimize', word('WSGIPythonOptimize')],
  ['pythonHashSeed', word('WSGIPythonHashSeed')],
  ['pythonWarnings', lines('WSGIPythonWarnings')],
  ['pythonEggs', word('WSGIPythonEggs')],
  ['dontWriteBytecode', flag('WSGIDontWriteBytecode')],
  ['restrictEmbedded', flag('WSGIRestrictEmbedded')],
  ['restrictSignal', flag('WSGIRestrictSignal')],
  ['restrictStdin', flag('WSGIRestrictStdin')],
  ['restrictStdout', flag('WSGIRestrictStdout')],
  ['caseSensitivity', flag('WSGICaseSensitivity')],
];

const host: readonly (readonly [key: string, form: Form])[] = [
  ['listen', lines('Listen')],
  ['serverName', word('ServerName', { one: true })],
  ['serverAliases', words('ServerAlias', concatenate)],
  ['serverPath', word('ServerPath')],
  ['serverAdmin', word('ServerAdmin')],
  ['documentRoot', word('DocumentRoot')],
  ['virtualDocumentRoot', word('VirtualDocumentRoot')],
  ['virtualDocumentRootIp', word('VirtualDocumentRootIP')],
  ['virtualScriptAlias', word('VirtualScriptAlias')],
  ['virtualScriptAliasIp', word('VirtualScriptAliasIP')],
  ['userDir', lines('UserDir')],
  ['tls', flag('SSLEngine')],
  ['mergeSlashes', flag('MergeSlashes')],
  ['allowEncodedSlashes', flag('AllowEncodedSlashes', ['nodecode'])],
  ['httpProtocolOptions', words('HttpProtocolOptions', concatenate)],
  ['httpMethods', words('RegisterHttpMethod', concatenate)],
  ['strictHostCheck', flag('StrictHostCheck')],
  ['traceEnable', flag('TraceEnable', ['extended'])],
  ['processGroups', processGroups],
  ['imports', imports],
  ['mounts', mounts],
  ['directories', places('Directory')],
  ['locations', places('Location')],
];

const scope: readonly (readonly [key: string, form: Form])[] = [
  ['processGroup', word('WSGIProcessGroup')],
  ['applicationGroup', word('WSGIApplicationGroup')],
  ['callableObject', word('WSGICallableObject')],
  ['passAuthorization', flag('WSGIPassAuthorization')],
  ['scriptReloading', flag('WSGIScriptReloading')],
  ['chunkedRequest', flag('WSGIChunkedRequest')],
  ['mapHeadToGet', flag('WSGIMapHEADToGET', ['auto'])],
  ['ignoreActivity', flag('WSGIIgnoreActivity')],
  ['dispatchScript', script('WSGIDispatchScript')],
  ['restrictProcess', words('WSGIRestrictProcess')],
  ['trustedProxyHeaders', words('WSGITrustedProxyHeaders')],
  ['trustedProxyAddresses', words('WSGITrustedProxies')],
  ['handlerScripts', handlerScripts],
  ['aliases', aliases],
  ['redirects', redirects],
  ['proxyPasses', proxyPasses],
  ['aliasPreservePath', flag('AliasPreservePath')],
  ['redirectRelative', flag('RedirectRelative')],
  ['environment', environment],
  ['setEnvIf', setEnvIf],
  ['rewrite', rewrite],
  ['useCanonicalName', flag('UseCanonicalName', ['dns'])],
  ['useCanonicalPhysicalPort', flag('UseCanonicalPhysicalPort')],
  ['limitRequestBody', word('LimitRequestBody')],
  ['cgiPassAuth', flag('CGIPassAuth')],
  ['options', words('Options', foldOptions)],
  ['allowOverride', words('AllowOverride', single)],
  ['allowOverrideList', words('AllowOverrideList', single)],
  ['acceptPathInfo', flag('AcceptPathInfo', ['default'])],
  ['handler', word('SetHandler', { one: true })],
  ['forceType', word('ForceType', { one: true })],
  ['handlers', extensions('Handler')],
  ['types', extensions('Type')],
  ['languages', extensions('Language', true)],
  ['encodings', extensions('Encoding', true)],
  ['charsets', extensions('Charset', true)],
  ['modMimeUsePathInfo', flag('ModMimeUsePathInfo')],
  ['errorDocuments', errorDocuments],
  ['directoryIndex', directoryIndex],
  ['directorySlash', flag('DirectorySlash')],
  ['directoryCheckHandler', flag('DirectoryCheckHandler')],
  ['directoryIndexRedirect', word('DirectoryIndexRedirect')],
  ['fallbackResource', word('FallbackResource')],
  ['authMerging', word('AuthMerging')],
  ['authType', word('AuthType')],
  ['require', requirements],
  ['order', word('Order')],
  ['allow', lines('Allow', 'from')],
  ['deny', lines('Deny', 'from')],
  ['satisfy', word('Satisfy')],
  ['allowMethods', words('AllowMethods', concatenate)],
  ['accessScript', script('WSGIAccessScript')],
  ['luaAccessChecker', line('LuaHookAccessChecker')],
  ['sslVerifyClient', word('SSLVerifyClient')],
  ['sslRequire', line('SSLRequire')],
  ['sslRequireSsl', presence('SSLRequireSSL')],
  ['directives', rawLines],
  ['limits', limits],
  ['files', places('Files')],
  ['conditions', conditions],
];

const rowsOf = (where: Row['where'], list: readonly (readonly [key: string, form: Form])[]): readonly Row[] =>
  list.map(([key, form]) => ({ key, where, form }));

/** All keys. */
const table: readonly Row[] = [
  ...rowsOf('server', server),
  ...rowsOf('host', host),
  ...rowsOf('scope', scope),
];

/** Where directives stand: the main server, a virtual host, a section of either. */
export type Place = 'server' | 'host' | 'scope';

/** What a place has: its keys by name, and by directive. */
export type Keys = {
  readonly forms: ReadonlyMap<string, Form>;
  /** By lower-case name, sections with `<`. */
  readonly byDirective: ReadonlyMap<string, string>;
};

/** The keys that may stand in a place. */
export const keysOf: Readonly<Record<Place, Keys>> = {
  server: keysIn(['server', 'host', 'scope']),
  host: keysIn(['host', 'scope']),
  scope: keysIn(['scope']),
};

function keysIn(allowed: readonly Place[]): Keys {
  const rows = table.filter(({ where }) => allowed.includes(where));
  return {
    forms: new Map(rows.map(({ key, form }) => [key, form])),
    byDirective: new Map(rows.flatMap(({ key, form }) => form.takes.map((name) => [name, key]))),
  };
}
