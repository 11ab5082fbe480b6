/** Directives whose words are names, addresses, paths and statuses of a form of their own. */
import type { Directive } from '../apache/directive.ts';
import { leadingInteger } from '../c-integer.ts';
import { parseServerName, type ServerName } from './server-name.ts';
import {
  choice,
  countFault,
  type Fault,
  misread,
  notOneOf,
  type Reading,
  text,
  texts,
} from './word-forms.ts';

type Words = Pick<Directive, 'name' | 'args' | 'text'>;

/** `ServerName [scheme://]name[:port]` (httpd `server_hostname_port()`). */
export function readServerName(words: Words): Reading<ServerName> {
  const reading = text(words);
  if ('fault' in reading) return reading;
  const word = reading.value;
  // apr `apr_fnmatch_test()`.
  if (/[*?]|\[[^\]]*\]/.test(word.replace(/\\./gs, ''))) {
    const message = `"${word}" has a wildcard`;
    return { fault: { message, advice: 'Write a name here, and names with wildcards into ServerAlias' } };
  }
  const value = parseServerName(word);
  if (value.portText === undefined) return { value };
  if (value.port < 1 || value.port > 65_535) return { fault: noPort(value.portText) };
  return { value, ...misread(value.portText, value.port) };
}

function noPort(word: string): Fault {
  return { message: `"${word}" is no port`, advice: 'Write a number from 1 to 65535' };
}

/** The address, port and protocol of a `Listen`. */
export type ListenWords = {
  readonly address: string;
  readonly port: number;
  readonly protocol: string | undefined;
};

/** `Listen [address:]port [protocol]` (httpd `ap_set_listener()`, apr `apr_parse_addr_port()`). */
export function readListen({ args }: Words): Reading<ListenWords> {
  const [where, protocol, options] = args;
  const isLater = args.length === 3 && /^options=/i.test(options ?? '');
  if (where === undefined || (args.length > 2 && !isLater)) return { fault: countFault(args, 1, 2) };
  const match = /^(?:(?:\[([\da-f:.%]*:[^\]]*)\]|([^[\]]+)):)?(\d+)$/i.exec(where);
  const port = Number(match?.[3] ?? 0);
  if (port < 1 || port > 65_535)
    return {
      fault: {
        message: `"${where}" names no port`,
        advice: 'Write e.g. 80, 10.0.0.1:80 or [2001:db8::1]:80',
      },
    };
  const address = match?.[1] ?? match?.[2] ?? '*';
  const value = { address, port, protocol: protocol?.toLowerCase() };
  if (!isLater) return { value };
  const message = `Apache 2.4 does not start with "${options}"`;
  return { value, doubt: { message, advice: 'Remove it, unless a later Apache knows it' } };
}

/** The template of mod_vhost_alias, `none` in lower case (`vhost_alias_set()`). */
export function readVirtualRoot(words: Words): Reading<string> {
  const reading = text(words);
  if ('fault' in reading) return reading;
  const template = reading.value;
  if (template.toLowerCase() === 'none') return { value: 'none' };
  const isRight = /^\/(?:[^%]|%(?:[p%]|-?\d(?:\+?\.-?\d\+?|\+(?!\.)|(?![+.]))))*$/s.test(template);
  if (isRight) return { value: template };
  const message = `"${template}" is no template of a path`;
  return {
    fault: { message, advice: 'Write "none", or a path from / on with %0, %-1, %2+, %1.1, %p and %%' },
  };
}

/** What a `RewriteBase` says: a path from `/` on. */
export function readRewriteBase(words: Words): Reading<string> {
  const reading = text(words);
  if ('fault' in reading || reading.value.startsWith('/')) return reading;
  return { fault: { message: `"${reading.value}" is no URL path`, advice: 'Write one that begins with /' } };
}

const FUNCTIONS = ['int:tolower', 'int:toupper', 'int:escape', 'int:unescape'];

/** The words of a `RewriteMap`: its name, where it is looked up, what for. */
export function readRewriteMap(words: Words): Reading<readonly string[]> {
  const reading = texts(2, 3)(words);
  if ('fault' in reading) return reading;
  const source = reading.value[1] as string;
  const isWrong = source.startsWith('int:') && !FUNCTIONS.includes(source);
  return isWrong ? { fault: notOneOf([source], FUNCTIONS) } : reading;
}

/** Where `DirectoryIndexRedirect` sends with which status; false for `off` (mod_dir `configure_redirect()`). */
export function readIndexRedirect(words: Words): Reading<number | 'off'> {
  const word = words.args[0] ?? '';
  if (!/^\d/.test(word)) {
    const reading = choice('On', 'Off', 'permanent', 'temp', 'seeother')(words);
    return 'fault' in reading ? reading : { value: INDEX_REDIRECTS[reading.value] };
  }
  const reading = text(words);
  if ('fault' in reading) return reading;
  const status = leadingInteger(word);
  if (status >= 300 && status < 400) return { value: status, ...misread(word, status) };
  return { fault: { message: `"${word}" is no status of a redirect`, advice: 'Write one from 300 to 399' } };
}

const INDEX_REDIRECTS = { on: 302, off: 'off', permanent: 301, temp: 302, seeother: 303 } as const;

/** A status, and what answers in its place. */
export type ErrorDocumentWords = { readonly status: number; readonly document: string };

/** `ErrorDocument` (httpd `set_error_document()`); which statuses there are has changed with Apache's versions. */
export function readErrorDocument(words: Words): Reading<ErrorDocumentWords> {
  const reading = texts(2)(words);
  if ('fault' in reading) return reading;
  const [word = '', document = ''] = reading.value;
  const status = leadingInteger(word);
  const value = { status, document };
  if (status < 100 || status > 599)
    return { fault: { message: `"${word}" is no status of HTTP`, advice: 'Write e.g. 404' } };
  if (STATUSES.has(status)) return { value, ...misread(word, status) };
  const message = `Apache 2.4 does not start with "${word}": it has no such status`;
  return { value, doubt: { message, advice: 'Correct it, unless a later Apache knows it' } };
}

/** httpd's `status_lines`. */
const STATUSES: ReadonlySet<number> = new Set(
  [
    [100, 103],
    [200, 208],
    [226, 226],
    [300, 305],
    [307, 308],
    [400, 417],
    [421, 424],
    [426, 426],
    [428, 429],
    [431, 431],
    [451, 451],
    [500, 508],
    [510, 511],
  ].flatMap(([first = 0, last = 0]) => Array.from({ length: last - first + 1 }, (_, index) => first + index)),
);
