/** What the chosen handler answers: mod_wsgi's, httpd's own for files, or one that only Apache has. */
import { checkAccess } from './access.ts';
import { handlerName, isWsgiHandler } from './handler.ts';
import type { RequestState } from './request-state.ts';
import type { Route } from './route.ts';
import { noRoute, routeBase } from './route-base.ts';
import { answerByWsgi } from './wsgi.ts';

/** The route of a request that went through all phases. */
export function answerByHandler(state: RequestState): Route {
  if (state.unresolved !== undefined) {
    return noRoute(
      state,
      404,
      'unresolved',
      `What Apache would do here is not known: ${state.unresolved.message}`,
    );
  }
  const name = handlerName(state);
  const handlerScript = { ...state.host.serverScope, ...state.scope }.handlerScripts?.get(name);
  if (isWsgiHandler(name) || handlerScript !== undefined) return answerByWsgi(state, handlerScript);
  const isFileHandler = name === '' || name === 'default-handler' || name.includes('/');
  if (!isFileHandler) return noRoute(state, 404, 'not_wsgi', `Apache's handler "${name}" would answer`);
  return answerByFile(state);
}

/** httpd `default_handler()`. */
function answerByFile(state: RequestState): Route {
  const { method, filename = '', fileKind } = state;
  const access = checkAccess(state);
  if (access.kind === 'denied') return noRoute(state, 403, 'forbidden', access.rule.message);
  if (method === 'OPTIONS')
    return noRoute(state, 200, 'apache_itself', 'Apache answers OPTIONS for files itself');
  if (!['GET', 'HEAD', 'POST'].includes(method))
    return noRoute(state, 405, 'method', `A file takes no ${method}`);
  if (fileKind === 'missing')
    return noRoute(state, 404, 'not_found', `The file "${filename}" does not exist`);
  if (fileKind === 'directory')
    return noRoute(state, 404, 'not_found', `"${filename}" is a folder without an index`);
  if (state.pathInfo !== '' && state.acceptPathInfo !== 'on') {
    return noRoute(state, 404, 'not_found', `"${filename}" is a file and has nothing below it`);
  }
  if (method === 'POST') return noRoute(state, 405, 'method', 'A file takes no POST');
  const root = state.context?.root ?? state.host.documentRoot;
  return { kind: 'file', ...routeBase(state), filename, root, access };
}
