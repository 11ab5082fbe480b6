/**
 * The names of groups: templates expanded for a request (mod_wsgi `wsgi_process_group()`, `wsgi_application_group()`,
 * `wsgi_callable_object()`, `wsgi_script_name()`).
 */
import { mergeSlashes } from './path.ts';
import { nameWithPort } from './server-port.ts';

/** What names are made of. */
export type NameFacts = {
  /** `server_hostname` as written. */
  readonly serverName: string;
  readonly hostname: string | undefined;
  readonly port: number;
  /** SCRIPT_NAME as the names have it. */
  readonly scriptKey: string;
  /** The value of `%{ENV:name}`: notes, request variables, Apache's environment. */
  readonly lookup: (name: string) => string | undefined;
};

/** The name that a template makes; an unknown template is taken as it is. */
export function expandName(template: string, facts: NameFacts): string {
  if (!template.startsWith('%')) return template;
  switch (template) {
    case '%{GLOBAL}':
      return '';
    case '%{SERVER}':
      return nameWithPort(facts.serverName, facts.port);
    case '%{RESOURCE}':
      return `${nameWithPort(facts.serverName, facts.port)}|${facts.scriptKey}`;
    case '%{HOST}':
      return nameWithPort(facts.hostname || facts.serverName, facts.port);
  }
  const variable = environmentVariable(template);
  const value = variable === undefined ? undefined : facts.lookup(variable);
  if (value === undefined) return template;
  return value.startsWith('%') && !value.startsWith('%{ENV:') ? expandName(value, facts) : value;
}

/** The variable of `%{ENV:name}`. */
export function environmentVariable(template: string): string | undefined {
  return template.startsWith('%{ENV:') && template.endsWith('}') && template.length > 6
    ? template.slice(6, -1)
    : undefined;
}

/** The callable that a `WSGICallableObject` names; its template knows only `%{ENV:name}`. */
export function expandCallable(template: string | undefined, lookup: NameFacts['lookup']): string {
  if (template === undefined) return 'application';
  if (!template.startsWith('%')) return template;
  const variable = environmentVariable(template);
  return (variable === undefined ? undefined : lookup(variable)) ?? 'application';
}

/** mod_wsgi `wsgi_find_path_info()`: where in `uri` the path info begins. */
function pathInfoStart(uri: string, pathInfo: string): number {
  // The usual end, which the walk below comes to as well.
  if (pathInfo.startsWith('/') && !uri.includes('//') && uri.endsWith(pathInfo))
    return uri.length - pathInfo.length;
  let u = uri.length;
  let p = pathInfo.length;
  while (u-- > 0 && p-- > 0 && uri[u] === pathInfo[p]) {
    if (pathInfo[p] === '/') while (u > 0 && uri[u - 1] === '/') u -= 1;
  }
  if (u < 0) u = 0;
  while (u < uri.length && uri[u] !== '/') u += 1;
  return u;
}

/** SCRIPT_NAME: the path without its path info, slashes merged. */
export function scriptNameOf(uri: string, pathInfo: string): string {
  if (pathInfo === '') return mergeSlashes(uri);
  return mergeSlashes(uri.slice(0, pathInfoStart(uri, pathInfo)));
}

/** SCRIPT_NAME as names have it: ASCII lower case before mod_wsgi 6, and there where `WSGICaseSensitivity` is off. */
export function foldScriptName(scriptName: string, isFolded: boolean): string {
  return isFolded && /[A-Z]/.test(scriptName)
    ? scriptName.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    : scriptName;
}
