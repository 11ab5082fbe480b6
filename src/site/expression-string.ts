/** The texts inside Apache's expressions: quoted strings, `%{NAME}`, `%{function:argument}`, `$1` (httpd `util_expr_scan.l`). */
import type { StringExpression, StringPiece } from './expression.ts';

/** What was read and where the text goes on, or what cannot be computed. */
export type StringRead =
  | { readonly pieces: StringExpression; readonly next: number }
  | { readonly error: string };

/** Variables that `routing/expression.ts` can tell. */
const variables: ReadonlySet<string> = new Set(
  `HTTP_ACCEPT HTTP_COOKIE HTTP_FORWARDED HTTP_HOST HTTP_PROXY_CONNECTION HTTP_REFERER HTTP_USER_AGENT
REQUEST_METHOD REQUEST_SCHEME REQUEST_URI REQUEST_FILENAME SCRIPT_FILENAME DOCUMENT_URI DOCUMENT_ROOT
LAST_MODIFIED SERVER_NAME SERVER_PORT SERVER_ADMIN SERVER_PROTOCOL SERVER_PROTOCOL_VERSION
SERVER_PROTOCOL_VERSION_MAJOR SERVER_PROTOCOL_VERSION_MINOR CONTEXT_PREFIX CONTEXT_DOCUMENT_ROOT PATH_INFO
QUERY_STRING REMOTE_ADDR REMOTE_HOST REMOTE_USER REMOTE_IDENT SERVER_ADDR HTTPS IPV6 THE_REQUEST REQUEST_STATUS
HANDLER IS_SUBREQ CONN_REMOTE_ADDR SCRIPT_USER SCRIPT_GROUP AUTH_TYPE`.split(/\s+/),
);

const uncomputable: ReadonlySet<string> = new Set(
  'LAST_MODIFIED REMOTE_USER REMOTE_IDENT REMOTE_HOST SCRIPT_USER SCRIPT_GROUP AUTH_TYPE REQUEST_STATUS'.split(
    ' ',
  ),
);

const functions: ReadonlySet<string> = new Set(
  `req http req_novary env reqenv note osenv tolower toupper escape unescape base64 unbase64 md5 sha1
replace ldap filesize file`.split(/\s+/),
);

const uncomputableFunctions: ReadonlySet<string> = new Set(['ldap', 'file', 'filesize', 'replace']);

/** Whether `routing/expression.ts` knows the function, or why not. */
export function checkFunction(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (!functions.has(lower)) return `the function "${name}" is not known`;
  return uncomputableFunctions.has(lower) ? `the function "${name}" cannot be computed here` : undefined;
}

/** Reads up to the quote `end` (and past it) or, where that is undefined, to the end of the text. */
export function readString(text: string, from: number, end: string | undefined): StringRead {
  const pieces: StringPiece[] = [];
  let plain = '';
  let at = from;
  const flush = (): void => {
    if (plain !== '') pieces.push(plain);
    plain = '';
  };
  while (at < text.length && text[at] !== end) {
    const char = text[at] as string;
    if (char === '\\' && at + 1 < text.length) {
      const escaped = readEscape(text, at + 1);
      plain += escaped.char;
      at = escaped.next;
    } else if (char === '%' && text[at + 1] === '{') {
      flush();
      const variable = readVariable(text, at);
      if ('error' in variable) return variable;
      pieces.push(...variable.pieces);
      at = variable.next;
    } else if (char === '$' && /\d/.test(text[at + 1] ?? '')) {
      flush();
      pieces.push({ group: Number(text[at + 1]) });
      at += 2;
    } else {
      plain += char;
      at += 1;
    }
  }
  flush();
  if (end !== undefined && at >= text.length) return { error: 'a string has no end' };
  return { pieces, next: end === undefined ? at : at + 1 };
}

function readEscape(text: string, at: number): { readonly char: string; readonly next: number } {
  const octal = /^[0-7]{1,3}/.exec(text.slice(at, at + 3))?.[0];
  if (octal !== undefined)
    return { char: String.fromCharCode(Number.parseInt(octal, 8) & 255), next: at + octal.length };
  const special = ({ n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' } as Record<string, string>)[
    text[at] as string
  ];
  return { char: special ?? (text[at] as string), next: at + 1 };
}

/** `%{NAME}` or `%{function:argument}` at `at`. */
export function readVariable(text: string, at: number): StringRead {
  const head = /^%\{([A-Za-z][A-Za-z0-9_]*)([:}])/.exec(text.slice(at, at + 200));
  if (head === null) return { error: `"${text.slice(at, at + 12)}" is no variable` };
  const name = head[1] as string;
  const next = at + head[0].length;
  if (head[2] === '}') {
    const upper = name.toUpperCase();
    if (!variables.has(upper)) return { error: `the variable "%{${name}}" is not known` };
    if (uncomputable.has(upper)) return { error: `the variable "%{${name}}" cannot be computed here` };
    return { pieces: [{ variable: upper }], next };
  }
  const problem = checkFunction(name);
  if (problem !== undefined) return { error: problem };
  const argument = readString(text, next, '}');
  if ('error' in argument) return argument;
  return { pieces: [{ function: name.toLowerCase(), argument: argument.pieces }], next: argument.next };
}
