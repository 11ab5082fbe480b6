/** Directives of httpd's core, mod_mime and mod_dir that may stand in sections. */
import type { Directive } from '../apache/directive.ts';
import { addMount, type PlaceContext, type ScopeDraft, type ScopeReader } from './build-context.ts';
import { coreForms } from './core-forms.ts';
import { diagnose } from './diagnose.ts';
import { parseStringExpression } from './expression-parser.ts';
import type { ExtensionRemoval, ExtensionTables, HandlerSetting, OptionChange } from './scope.ts';
import { noExtensions } from './scope.ts';
import { wordsOf } from './word-forms.ts';

/** By lower-case name. */
export const coreReaders: Readonly<Record<string, ScopeReader>> = {
  options: (draft, directive) => {
    draft.options = readOptions(draft.options, directive.args);
  },
  acceptpathinfo: (draft, directive) => {
    const word = wordsOf(coreForms.acceptpathinfo, directive);
    if (word !== undefined) draft.acceptPathInfo = word;
  },
  sethandler: readSetHandler,
  forcetype: (draft, directive, place) => {
    draft.forceType = handlerSetting(directive, place, [place.path ?? '']);
  },
  usecanonicalname: (draft, directive) => {
    const word = wordsOf(coreForms.usecanonicalname, directive);
    if (word !== undefined) draft.useCanonicalName = word;
  },
  usecanonicalphysicalport: (draft, directive) => {
    draft.useCanonicalPhysicalPort = wordsOf(coreForms.usecanonicalphysicalport, directive) === 'on';
  },
  limitrequestbody: (draft, directive) => {
    const bytes = wordsOf(coreForms.limitrequestbody, directive);
    if (bytes !== undefined) draft.limitRequestBody = bytes;
  },
  cgipassauth: (draft, directive) => {
    const isOn = wordsOf(coreForms.cgipassauth, directive);
    if (isOn !== undefined) draft.cgiPassAuth = isOn;
  },
  allowoverride: (draft, directive, place) => {
    draft.allowOverride = wordsOf(coreForms.allowoverride, directive) ?? true;
    if (draft.allowOverride) warnOfOverride(directive, place);
  },
  allowoverridelist: (draft, directive, place) => {
    if (wordsOf(coreForms.allowoverridelist, directive) === false) return;
    draft.allowOverride = true;
    warnOfOverride(directive, place);
  },
  errordocument: readErrorDocument,
  addhandler: (draft, directive, place) => {
    const handler = handlerSetting(directive, place, directive.args.slice(1));
    setExtensions(draft, 'handlers', directive.args.slice(1), handler);
  },
  removehandler: (draft, directive) => removeExtensions(draft, 'handlers', directive.args),
  addtype: (draft, directive, place) => {
    const extensions = directive.args.slice(1);
    setExtensions(draft, 'types', extensions, handlerSetting(directive, place, extensions));
  },
  removetype: (draft, directive) => setExtensions(draft, 'types', directive.args, undefined),
  addlanguage: (draft, directive) =>
    setExtensions(draft, 'languages', directive.args.slice(1), (directive.args[0] ?? '').toLowerCase()),
  removelanguage: (draft, directive) => removeExtensions(draft, 'languages', directive.args),
  addencoding: (draft, directive) =>
    setExtensions(draft, 'encodings', directive.args.slice(1), (directive.args[0] ?? '').toLowerCase()),
  removeencoding: (draft, directive) => removeExtensions(draft, 'encodings', directive.args),
  addcharset: (draft, directive) =>
    setExtensions(draft, 'charsets', directive.args.slice(1), (directive.args[0] ?? '').toLowerCase()),
  removecharset: (draft, directive) => removeExtensions(draft, 'charsets', directive.args),
  modmimeusepathinfo: (draft, directive) => {
    draft.typeByPathInfo = wordsOf(coreForms.modmimeusepathinfo, directive) ?? false;
  },
  directoryindex: (draft, directive) => {
    const disabled = directive.args.length === 1 && directive.args[0]?.toLowerCase() === 'disabled';
    draft.directoryIndex = disabled ? [] : [...(draft.directoryIndex ?? []), ...directive.args];
  },
  directoryslash: (draft, directive) => {
    draft.directorySlash = wordsOf(coreForms.directoryslash, directive) ?? true;
  },
  directorycheckhandler: (draft, directive) => {
    draft.directoryCheckHandler = wordsOf(coreForms.directorycheckhandler, directive) ?? false;
  },
  directoryindexredirect: (draft, directive) => {
    draft.directoryIndexRedirect = wordsOf(coreForms.directoryindexredirect, directive) ?? 'off';
  },
  fallbackresource: (draft, directive) => {
    draft.fallbackResource = directive.args[0] ?? 'disabled';
  },
};

/** The statuses of what the configuration refuses before any application is asked. */
const ROUTED_STATUSES: ReadonlySet<number> = new Set([400, 403, 404, 405]);

function readErrorDocument(draft: ScopeDraft, directive: Directive, { build }: PlaceContext): void {
  const said = wordsOf(coreForms.errordocument, directive);
  if (said === undefined) return;
  const { status } = said;
  const value = errorDocumentText(said.document);
  const documents = new Map(draft.errorDocuments);
  draft.errorDocuments = documents.set(status, { value, position: directive.position });
  if (value.toLowerCase() === 'default' || (ROUTED_STATUSES.has(status) && !value.startsWith('"'))) return;
  const what = ROUTED_STATUSES.has(status) ? 'Texts' : 'Limits and failures';
  const message = `"${directive.name} ${directive.text}" has no effect here: ${what} have the sidecar's own pages`;
  const advice = 'Keep Apache in front of the mounts that need it';
  build.diagnostics.push({ ...diagnose(directive, 'info', 'response-directive', message), advice });
}

/** A URL or path; a text that Apache sends as it is has a quote in front (httpd `set_error_document()`). */
function errorDocumentText(text: string): string {
  const isTarget = !text.includes(' ') && /^(?:\/|[a-z][a-z0-9+.-]*:\/\/)/i.test(text);
  return isTarget || text.toLowerCase() === 'default' ? text : `"${text}`;
}

const OPTION_SETS: Readonly<Record<string, readonly string[]>> = {
  all: ['indexes', 'includes', 'followsymlinks', 'execcgi'],
  none: [],
  runscripts: ['multiviews', 'execcgi'],
};

/** httpd `set_options()`: words without signs replace, words with signs change. */
function readOptions(before: OptionChange | undefined, words: readonly string[]): OptionChange {
  let explicit = before?.explicit;
  const add = new Set(before?.add);
  const remove = new Set(before?.remove);
  let first = true;
  for (const word of words) {
    const sign = /^[+-]/.exec(word)?.[0];
    const name = word.replace(/^[+-]/, '').toLowerCase();
    const names = OPTION_SETS[name] ?? [name];
    if (sign === undefined) {
      if (first) {
        add.clear();
        remove.clear();
        explicit = new Set();
      }
      explicit = new Set([...(explicit ?? []), ...names]);
    } else {
      for (const each of names) {
        (sign === '+' ? remove : add).delete(each);
        (sign === '+' ? add : remove).add(each);
      }
    }
    first = false;
  }
  return { explicit, add, remove };
}

/** Files named `.htaccess` count, and are not read. */
function warnOfOverride(directive: Directive, { build }: PlaceContext): void {
  const message = `"${directive.name} ${directive.text}" lets ".htaccess" files count, which the sidecar does not read: requests below one are unresolved`;
  const advice = 'Move what such files say into <Directory> sections and set AllowOverride None';
  build.diagnostics.push({ ...diagnose(directive, 'warning', 'htaccess', message), advice });
}

function readSetHandler(draft: ScopeDraft, directive: Directive, place: PlaceContext): void {
  const name = directive.args[0] ?? '';
  delete draft.handlerUnknown;
  delete draft.handlerExpression;
  if (name.includes('%{')) {
    readHandlerExpression(draft, directive, place);
    return;
  }
  draft.handler = handlerSetting(directive, place, [place.path ?? '']);
}

function readHandlerExpression(draft: ScopeDraft, directive: Directive, place: PlaceContext): void {
  const name = directive.args[0] ?? '';
  const text = parseStringExpression(name);
  if ('error' in text) {
    const message = `The handler "${name}" cannot be computed: ${text.error}`;
    draft.handlerUnknown = diagnose(directive, 'error', 'handler-not-understood', message);
    place.build.diagnostics.push(draft.handlerUnknown);
    return;
  }
  const { position } = directive;
  const mountPoint = `${directive.name} ${name} ${place.path ?? ''}`.trim();
  draft.handlerExpression = {
    value: name,
    text,
    position,
    mount: handlerMount(place, mountPoint, 'wsgi-script', position),
  };
}

/** Handler names are compared in lower case (httpd `ap_str_tolower` in `set_sethandler` and mod_mime). */
function handlerSetting(directive: Directive, place: PlaceContext, where: readonly string[]): HandlerSetting {
  const name = (directive.args[0] ?? '').toLowerCase();
  const { position } = directive;
  const mountPoint = `${directive.name} ${[name, ...where].join(' ')}`.trim();
  return { value: name, position, mount: handlerMount(place, mountPoint, name, position) };
}

function handlerMount(
  place: PlaceContext,
  mountPoint: string,
  name: string,
  position: HandlerSetting['position'],
): HandlerSetting['mount'] {
  const isScript = name === 'wsgi-script' || name === 'application/x-httpd-wsgi';
  if (isScript) return addMount(place, { kind: 'handler', mountPoint, target: '', position });
  return { id: mountPoint, kind: 'handler', mountPoint, target: '', position, virtualHost: place.hostId };
}

type ExtensionTable = Exclude<keyof ExtensionTables, 'removed'>;

const plainExtension = (extension: string): string => extension.replace(/^\./, '').toLowerCase();

function setExtensions(
  draft: ScopeDraft,
  table: ExtensionTable,
  extensions: readonly string[],
  value: HandlerSetting | string | undefined,
): void {
  const before = draft.extensions ?? noExtensions;
  const changed = new Map<string, HandlerSetting | string | undefined>(before[table]);
  for (const extension of extensions) changed.set(plainExtension(extension), value);
  draft.extensions = { ...before, [table]: changed };
}

function removeExtensions(
  draft: ScopeDraft,
  table: ExtensionRemoval['table'],
  extensions: readonly string[],
): void {
  const before = draft.extensions ?? noExtensions;
  const removed = extensions.map((extension) => ({ table, extension: plainExtension(extension) }));
  draft.extensions = { ...before, removed: [...before.removed, ...removed] };
}
