/** The words of httpd's core and of the modules beside it, by kind: what they mean, and which of them Apache refuses to start with. */
import {
  type ErrorDocumentWords,
  type ListenWords,
  readErrorDocument,
  readIndexRedirect,
  readListen,
  readRewriteBase,
  readRewriteMap,
  readServerName,
  readVirtualRoot,
} from './name-forms.ts';
import {
  type ProtocolOptions,
  readOptions,
  readOverride,
  readOverrideList,
  readProtocolOptions,
  readRewriteOptions,
} from './option-forms.ts';
import { readRewriteCondition, readRewriteRule } from './rewrite-forms.ts';
import type { ServerName } from './server-name.ts';
import { choice, type Form, flag, list, number, text, texts, wholeNumber } from './word-forms.ts';

type FlagName =
  | 'mergeslashes'
  | 'stricthostcheck'
  | 'cgipassauth'
  | 'modmimeusepathinfo'
  | 'directoryslash'
  | 'directorycheckhandler'
  | 'aliaspreservepath'
  | 'redirectrelative'
  | 'rewriteengine';
type NumberName =
  | 'limitrequestbody'
  | 'limitrequestline'
  | 'limitrequestfields'
  | 'limitrequestfieldsize'
  | 'maxrequestworkers'
  | 'threadsperchild';

/** What their words say, by lower-case name. */
export type CoreWords = Readonly<Record<FlagName, boolean>> &
  Readonly<Record<NumberName, number>> & {
    readonly acceptpathinfo: 'on' | 'off' | 'default';
    readonly usecanonicalname: 'on' | 'off' | 'dns';
    readonly usecanonicalphysicalport: 'on' | 'off';
    readonly allowencodedslashes: 'on' | 'off' | 'nodecode';
    readonly traceenable: 'on' | 'off' | 'extended';
    readonly sslengine: 'on' | 'off' | 'optional';
    readonly directoryindexredirect: number | 'off';
    readonly errordocument: ErrorDocumentWords;
    readonly httpprotocoloptions: ProtocolOptions;
    readonly options: readonly string[];
    readonly allowoverride: boolean;
    readonly allowoverridelist: boolean;
    readonly rewriteoptions: readonly string[];
    readonly rewritebase: string;
    readonly servername: ServerName;
    readonly listen: ListenWords;
    readonly virtualdocumentroot: string;
  };

/** By lower-case name. */
export const coreForms: { readonly [K in keyof CoreWords]: Form<CoreWords[K]> } = {
  acceptpathinfo: choice('On', 'Off', 'Default'),
  usecanonicalname: choice('On', 'Off', 'DNS'),
  usecanonicalphysicalport: choice('On', 'Off'),
  allowencodedslashes: choice('On', 'Off', 'NoDecode'),
  traceenable: choice('On', 'Off', 'Extended'),
  sslengine: choice('On', 'Off', 'Optional'),
  mergeslashes: flag,
  stricthostcheck: flag,
  cgipassauth: flag,
  modmimeusepathinfo: flag,
  directoryslash: flag,
  directorycheckhandler: flag,
  aliaspreservepath: flag,
  redirectrelative: flag,
  rewriteengine: flag,
  limitrequestbody: wholeNumber,
  limitrequestline: number(0),
  limitrequestfields: number(0),
  limitrequestfieldsize: number(0),
  maxrequestworkers: number(),
  threadsperchild: number(),
  directoryindexredirect: readIndexRedirect,
  errordocument: readErrorDocument,
  httpprotocoloptions: readProtocolOptions,
  options: readOptions,
  allowoverride: readOverride,
  allowoverridelist: readOverrideList,
  rewriteoptions: readRewriteOptions,
  rewritebase: readRewriteBase,
  servername: readServerName,
  listen: readListen,
  virtualdocumentroot: readVirtualRoot,
};

/** Words that are counted, or judged by their form, and read elsewhere; by lower-case name. */
export const plainCoreForms: Readonly<Record<string, Form<unknown>>> = {
  rewritemap: readRewriteMap,
  rewritecond: readRewriteCondition,
  rewriterule: readRewriteRule,
  serverpath: text,
  serveradmin: text,
  documentroot: text,
  sethandler: text,
  forcetype: text,
  fallbackresource: text,
  user: text,
  group: text,
  userdir: list(1),
  setenv: texts(1, 2),
  passenv: list(1),
  unsetenv: list(1),
  setenvif: texts(3, Infinity),
  setenvifnocase: texts(3, Infinity),
  setenvifexpr: texts(2, Infinity),
  browsermatch: texts(2, Infinity),
  browsermatchnocase: texts(2, Infinity),
  addhandler: list(2),
  addtype: list(2),
  addlanguage: list(2),
  addencoding: list(2),
  addcharset: list(2),
  removehandler: list(1),
  removetype: list(1),
  removelanguage: list(1),
  removeencoding: list(1),
  removecharset: list(1),
  redirectpermanent: texts(2),
  redirecttemp: texts(2),
  maxclients: number(),
  virtualdocumentrootip: readVirtualRoot,
  virtualscriptalias: readVirtualRoot,
  virtualscriptaliasip: readVirtualRoot,
};
