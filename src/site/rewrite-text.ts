/** The texts of mod_rewrite: `$1`, `%1`, `%{NAME}`, `${map:key|default}` (mod_rewrite `do_expand()`). */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { RewritePiece, RewriteText } from './rewrite.ts';

const variables: ReadonlySet<string> = new Set(
  `IPV6 HTTPS IS_SUBREQ PATH_INFO HTTP_HOST SERVER_NAME REMOTE_ADDR SERVER_ADDR HTTP_ACCEPT
THE_REQUEST HTTP_COOKIE SERVER_PORT REQUEST_URI HTTP_REFERER QUERY_STRING SERVER_ADMIN DOCUMENT_ROOT HTTP_FORWARDED
CONTEXT_PREFIX REQUEST_METHOD REQUEST_SCHEME HTTP_USER_AGENT SCRIPT_FILENAME SERVER_PROTOCOL CONN_REMOTE_ADDR
REQUEST_FILENAME HTTP_PROXY_CONNECTION CONTEXT_DOCUMENT_ROOT`.split(/\s+/),
);

/** Variables that need a clock, a user or a look-up of names. */
const uncomputable: ReadonlySet<string> = new Set(
  `TIME TIME_DAY TIME_SEC TIME_MIN TIME_MON TIME_WDAY TIME_YEAR TIME_HOUR AUTH_TYPE API_VERSION REMOTE_HOST
REMOTE_PORT REMOTE_USER SCRIPT_USER SCRIPT_GROUP REMOTE_IDENT SERVER_SOFTWARE`.split(/\s+/),
);

/** Makes a diagnostic of what cannot be computed. */
export type Blame = (error: string) => Diagnostic;

/** The pieces of a text. */
export function parseRewriteText(text: string, blame: Blame): RewriteText {
  const pieces: RewritePiece[] = [];
  let plain = '';
  let at = 0;
  while (at < text.length) {
    const special = readSpecial(text, at, blame);
    if (typeof special.piece === 'string') plain += special.piece;
    else {
      if (plain !== '') pieces.push(plain);
      plain = '';
      pieces.push(special.piece);
    }
    at = special.next;
  }
  if (plain !== '') pieces.push(plain);
  return pieces;
}

type Special = { readonly piece: RewritePiece; readonly next: number };

function readSpecial(text: string, at: number, blame: Blame): Special {
  const char = text.charAt(at);
  const following = text.charAt(at + 1);
  if (char === '\\') return { piece: following === '' ? '\\' : following, next: at + 2 };
  if (char !== '$' && char !== '%') return { piece: char, next: at + 1 };
  if (/\d/.test(following)) {
    const group = Number(following);
    return { piece: char === '$' ? { rule: group } : { condition: group }, next: at + 2 };
  }
  if (following !== '{') return { piece: char, next: at + 1 };
  const end = closingBrace(text, at + 2);
  if (end === -1) return { piece: text.slice(at, at + 2), next: at + 2 };
  const inner = text.slice(at + 2, end);
  return { piece: (char === '%' ? readVariable : readMapLookup)(inner, blame), next: end + 1 };
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '\\') at += 1;
    else if (char === '{') depth += 1;
    else if (char === '}') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}

function readVariable(name: string, blame: Blame): RewritePiece {
  if (/^(?:ENV|HTTP):./is.test(name))
    return { variable: name.replace(/^[^:]*/, (kind) => kind.toUpperCase()) };
  if (/^(?:LA-[UF]|SSL):/i.test(name)) return { unknown: blame(`"%{${name}}" asks Apache itself`) };
  const upper = name.toUpperCase();
  if (variables.has(upper)) return { variable: upper };
  return uncomputable.has(upper) ? { unknown: blame(`"%{${name}}" cannot be computed here`) } : '';
}

function readMapLookup(inner: string, blame: Blame): RewritePiece {
  const colon = inner.indexOf(':');
  if (colon === -1) return `\${${inner}}`;
  const bar = inner.indexOf('|', colon);
  const key = parseRewriteText(inner.slice(colon + 1, bar === -1 ? undefined : bar), blame);
  const fallback = parseRewriteText(bar === -1 ? '' : inner.slice(bar + 1), blame);
  return { map: inner.slice(0, colon), key, fallback };
}
