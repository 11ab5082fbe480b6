/** Who answers: mod_mime's extensions, `SetHandler` and `ForceType`, the content type as a last resort (`ap_invoke_handler()`). */
import { type ExtensionTables, type HandlerSetting, noExtensions } from '../site/scope.ts';
import { evaluateText } from './expression.ts';
import type { RequestState } from './request-state.ts';

/** mod_mime `find_ct()`: every extension behind the first dot of the name counts. */
export function findType(state: RequestState): void {
  if (state.fileKind === 'directory') {
    state.contentType = 'httpd/unix-directory';
    return;
  }
  const tables = state.scope.extensions;
  if (tables === undefined || tables === noExtensions || state.filename === undefined) return;
  const resource = state.scope.typeByPathInfo === true ? state.filename + state.pathInfo : state.filename;
  const name = resource.slice(resource.lastIndexOf('/') + 1).replace(/^\.+/, '');
  const dot = name.indexOf('.');
  if (dot === -1) return;
  for (const extension of name.slice(dot + 1).split('.'))
    takeExtension(state, tables, extension.toLowerCase());
}

function takeExtension(state: RequestState, tables: ExtensionTables, extension: string): void {
  if (extension === '') return;
  const type = tables.types.get(extension);
  if (type !== undefined) takeType(state, type);
  const handler = tables.handlers.get(extension);
  if (handler === undefined) return;
  state.handler = handler.value;
  state.handlerMount = handler.mount;
}

function takeType(state: RequestState, type: HandlerSetting): void {
  state.contentType = type.value;
  state.typeMount = type.mount;
}

/** httpd `core_override_type()`: what the place forces beats extensions; `none` forces nothing. */
export function overrideType(state: RequestState): void {
  const { forceType, handler, handlerUnknown, handlerExpression, acceptPathInfo } = state.scope;
  if (forceType !== undefined && forceType.value !== 'none') takeType(state, forceType);
  if (handlerUnknown !== undefined) state.unresolved ??= handlerUnknown;
  if (handlerExpression !== undefined) {
    const name = evaluateText(state, handlerExpression.text).toLowerCase();
    if (name !== 'none') {
      state.handler = name;
      state.handlerMount = handlerExpression.mount;
    }
  } else if (handler !== undefined && handler.value !== 'none') {
    state.handler = handler.value;
    state.handlerMount = handler.mount;
  }
  if (state.acceptPathInfo === 'default' && acceptPathInfo !== undefined)
    state.acceptPathInfo = acceptPathInfo;
}

/** The name that handlers are asked by; empty is the one for files. A folder has none by its type, even where one is forced. */
export function handlerName(state: RequestState): string {
  if (state.handler === undefined && state.fileKind === 'directory') return '';
  return state.handler ?? state.contentType?.replace(/;.*$/s, '').trim() ?? '';
}

/** mod_rewrite `hook_mimetype()`: `[T]` and `[H]` come after extensions. */
export function forceByRewrite(state: RequestState): void {
  const { forced } = state;
  if (forced?.type !== undefined) state.contentType = forced.type;
  if (forced?.handler === undefined) return;
  state.handler = forced.handler;
  state.handlerMount = forced.mount;
}

/** Whether mod_wsgi answers under this name. */
export function isWsgiHandler(name: string): boolean {
  return name === 'wsgi-script' || name === 'application/x-httpd-wsgi';
}
