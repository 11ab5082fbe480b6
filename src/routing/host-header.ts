/** Host names that a client sends (httpd `fix_hostname()`, `strict_hostname_check()`; RFC 3986 7.4, RFC 1123 2.1). */
import { isIP } from 'node:net';

/** A name in lower case without brackets and final dot, and the port where one is named. */
export type HostPort = { readonly hostname: string; readonly port: number | undefined };

/** The usual name: labels of lower-case letters, digits and hyphens that begin with a letter. Looked at without going back. */
const plain = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*$/;

/** Names that need no work: lower-case letters in the first and last label, perhaps a port. */
const common = /^([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*?(?:\.[a-z][a-z0-9-]*)?)(?::([1-9]\d{0,4}))?$/;

/** Addresses that need no work, perhaps with a port. */
const address = /^((?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3})(?::([1-9]\d{0,4}))?$/;

/** The value of a `Host` header, or undefined where Apache answers 400. The empty value is for the caller. */
export function parseHostHeader(value: string, isStrict: boolean): HostPort | undefined {
  if (plain.test(value)) return { hostname: value, port: undefined };
  const quad = address.exec(value);
  if (quad !== null) return withPort(quad);
  const fast = common.exec(value);
  if (fast !== null && !/\.\d[^.]*$/.test(fast[1] as string)) return withPort(fast);
  if (/^\d+$/.test(value)) return isStrict ? undefined : { hostname: value, port: undefined };
  const split = splitPort(value);
  if (split === undefined) return undefined;
  const hostname = fixHostname(split.name, value.startsWith('['), isStrict);
  return hostname === undefined ? undefined : { hostname, port: split.port };
}

function withPort([, hostname = '', digits]: readonly string[]): HostPort | undefined {
  const port = digits === undefined ? undefined : Number(digits);
  return port !== undefined && port > 65_535 ? undefined : { hostname, port };
}

/** `apr_parse_addr_port()`: a port is 1 to 65535 and may not be empty; brackets hold an IPv6 address. */
function splitPort(value: string): { readonly name: string; readonly port: number | undefined } | undefined {
  const match = /^(.*?)(?::(\d+))?$/s.exec(value);
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  const name = match?.[1] ?? '';
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  if (name === '') return undefined;
  if (!name.startsWith('[')) return /[:[\]]/.test(name) ? undefined : { name, port };
  const inner = name.slice(1, -1);
  return name.endsWith(']') && isIP(inner) === 6 && !inner.includes('%') ? { name: inner, port } : undefined;
}

/** A name as `r->hostname` has it, or undefined where it is refused. */
export function fixHostname(name: string, isIPv6: boolean, isStrict: boolean): string | undefined {
  const lower = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  if (isIPv6) {
    const isFine = /^[0-9a-f:.]*$/.test(lower) && !/:::|::.*::|:\.|\.[:.]/.test(lower);
    return isFine ? lower : undefined;
  }
  if (/\.\.|[/\\]/.test(lower)) return undefined;
  const bare = lower.replace(/\.$/, '');
  return isStrict && !isStrictName(bare) ? undefined : bare;
}

function isStrictName(name: string): boolean {
  if (!/^[A-Za-z0-9._-]*$/.test(name)) return false;
  if (/[A-Za-z_-]/.test(name)) return !/\.[^A-Za-z.][^.]*$/.test(name);
  // Digits and dots alone must be a dotted quad without leading zeros.
  return name.split('.').length === 4 && !/(?:^|\.)0\d/.test(name) && !name.startsWith('.');
}
