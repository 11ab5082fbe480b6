/** What the chosen handler answers: mod_wsgi's, httpd's own for files, or one that only Apache has. */

import { knownModules } from '../apache/directive-table.ts';
import { type HandlerScript, hasOption } from '../site/scope.ts';
import { wsgiPlace } from '../site/wsgi-place.ts';
import { documentRootOf } from './document-root.ts';
import { handlerName, isWsgiHandler } from './handler.ts';
import { hasModule, isNegotiated } from './module.ts';
import type { RequestState } from './request-state.ts';
import type { Route } from './route.ts';
import { noRoute, routeBase } from './route-base.ts';
import { answerByWsgi } from './wsgi.ts';

/** The route of a request that went through all phases. */
export function answerByHandler(state: RequestState): Route {
  const name = handlerName(state);
  const handlerScript = findHandlerScript(state, name);
  if (isWsgiHandler(name) || handlerScript !== undefined) return answerByWsgi(state, handlerScript);
  if (!isFileHandler(state, name))
    return noRoute(state, 404, 'not_wsgi', `Apache's handler "${name}" would answer`);
  return answerByFile(state);
}

function findHandlerScript({ site, host, scope }: RequestState, name: string): HandlerScript | undefined {
  if (scope.handlerScripts === undefined && host.serverScope.handlerScripts === undefined) return undefined;
  return wsgiPlace(site.memo, host, scope).handlerScripts?.get(name);
}

/** Handlers of Apache's own modules. Where its module is not loaded nobody takes the name, and the file is sent as it is. */
const handlerModules: Readonly<Record<string, readonly string[]>> = {
  'cgi-script': ['cgi_module', 'cgid_module'],
  'server-status': ['status_module'],
  'server-info': ['info_module'],
  'send-as-is': ['asis_module'],
  'type-map': ['negotiation_module'],
  'imap-file': ['imagemap_module'],
  'balancer-manager': ['proxy_balancer_module'],
  'fcgid-script': ['fcgid_module'],
  'lua-script': ['lua_module'],
  'ldap-status': ['ldap_module'],
  'proxy-server': ['proxy_module'],
  'server-parsed': ['include_module'],
  'dav-handler': ['dav_module'],
  heartbeat: ['heartmonitor_module'],
  'md-status': ['md_module'],
  reflector: ['reflector_module'],
  'form-login-handler': ['auth_form_module'],
  'form-logout-handler': ['auth_form_module'],
  'form-redirect-handler': ['auth_form_module'],
  'redirect-handler': ['rewrite_module'],
};

function isFileHandler(state: RequestState, name: string): boolean {
  if (name === '' || name === 'default-handler') return true;
  const modules = handlerModules[name];
  if (modules !== undefined) return !modules.some((module) => hasModule(state, module));
  // A content type is no handler's name, but for those of scripting modules.
  if (name.includes('/')) return !/^application\/x-httpd-/.test(name);
  return !name.startsWith('proxy:') && isNobodys(state);
}

/** Whether no module takes a name that httpd's own do not know: all are known, and no `Action` gives it to a script. */
function isNobodys({ site }: RequestState): boolean {
  const { modules } = site.options;
  return (
    modules.size > 0 && !modules.has('actions_module') && [...modules].every((name) => knownModules.has(name))
  );
}

/** mod_autoindex: a listing is Apache's own answer. */
function listFolder(state: RequestState): Route {
  if (!hasOption(state.scope.options, 'indexes')) {
    return noRoute(
      state,
      403,
      'forbidden',
      `"${state.filename}" is a folder without an index, and Options Indexes is off`,
    );
  }
  return noRoute(state, 404, 'not_wsgi', `Apache would list the folder "${state.filename}"`);
}

/** httpd `default_handler()`. */
function answerByFile(state: RequestState): Route {
  const { method, filename = '', fileKind, access, site } = state;
  if (method === 'OPTIONS')
    return noRoute(state, 200, 'apache_itself', 'Apache answers OPTIONS for files itself');
  if (!['GET', 'HEAD', 'POST'].includes(method))
    return noRoute(state, site.methods.has(method) ? 405 : 501, 'method', `A file takes no ${method}`);
  if (fileKind === 'missing' && isNegotiated(state)) {
    return noRoute(state, 404, 'not_wsgi', `Apache would send a variant of "${filename}" (MultiViews)`);
  }
  if (fileKind === 'missing')
    return noRoute(state, 404, 'not_found', `The file "${filename}" does not exist`);
  if (fileKind === 'directory' && hasModule(state, 'autoindex_module')) return listFolder(state);
  if (fileKind === 'directory')
    return noRoute(state, 404, 'not_found', `"${filename}" is a folder without an index`);
  if (state.pathInfo !== '' && state.acceptPathInfo !== 'on') {
    return noRoute(state, 404, 'not_found', `"${filename}" is a file and has nothing below it`);
  }
  const root = state.context?.root ?? documentRootOf(state);
  return { kind: 'file', ...routeBase(state), filename, root, access };
}
