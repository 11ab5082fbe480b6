/**
 * One reading of a request: what its head says, or why it is refused (the table is in `rules.ts`). Everything behind the front relies
 * on this reading. RFC 9112 §3 (target forms), §6 (framing); RFC 9110 §7.2 (Host).
 */
import { REFUSED_HEADS, REFUSED_TARGET, type RefusalRule, type UnreadHead } from './rules.ts';

/** How the body is framed. */
export type BodyFraming = 'none' | 'length' | 'chunked';

/** A head that may be served. */
export type RequestHead = {
  readonly kind: 'head';
  /** Origin-form of the target, bytes as they came: what is forwarded. */
  readonly path: string;
  /** The authority of an absolute-form target of our own scheme, else Host; empty only where Apache has an empty one too. */
  readonly host: string;
  /** Of HTTP/1. */
  readonly minorVersion: number;
  readonly body: BodyFraming;
};

/** A head that is refused, and by which rule. */
export type RefusedHead = { readonly kind: 'refused'; readonly rule: RefusalRule };

/** `OPTIONS *`: a question to the server itself. */
export type ServerOptions = { readonly kind: 'server-options' };

const ABSOLUTE = /^(https?):(?:\/\/([^/?#]*))?(.*)$/is;
/** An authority may be empty, and so may its port: httpd's `ap_parse_uri()` refuses neither. */
const AUTHORITY = /^(?:[A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;

/** Reads a head; the first rule that it breaks is the reason. */
export function readHead(head: UnreadHead): RequestHead | RefusedHead | ServerOptions {
  for (const rule of REFUSED_HEADS) if (rule.isBroken(head)) return { kind: 'refused', rule };
  return readTarget(head);
}

function readTarget({ line, headers }: UnreadHead): RequestHead | RefusedHead | ServerOptions {
  const { target, minorVersion } = line;
  const host = headers.host ?? '';
  const body = headers.coding !== undefined ? 'chunked' : headers.length === undefined ? 'none' : 'length';
  if (target.charCodeAt(0) === 0x2f) return { kind: 'head', path: target, host, minorVersion, body };
  if (target === '*' && line.method === 'OPTIONS') return { kind: 'server-options' };
  const [whole, scheme = '', authority, rest = ''] = ABSOLUTE.exec(target) ?? [];
  if (whole === undefined || !AUTHORITY.test(authority ?? '')) {
    return { kind: 'refused', rule: REFUSED_TARGET };
  }
  const isOurs = authority !== undefined && scheme.toLowerCase() === (line.tls === true ? 'https' : 'http');
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return { kind: 'head', path, host: isOurs ? hostOfTarget(authority) : host, minorVersion, body };
}

/** httpd `construct_host_header()`: the name as `fix_hostname()` leaves it, the port as written. */
function hostOfTarget(authority: string): string {
  return authority.toLowerCase().replace(/\.(?=:|$)/, '');
}
