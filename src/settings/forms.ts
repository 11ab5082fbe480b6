/** The forms that single values of the settings are written in; undefined or false for what is none. */
import { isIP } from 'node:net';
import { parseAddress, renderAddress, type SocketAddress } from './address.ts';

/** Where a listener binds, or the name that systemd gives the socket it is to take. */
export type ListenAddress = SocketAddress | { readonly kind: 'systemd'; readonly name: string };

/** What `bind` may look like, for error messages. */
export const LISTEN_FORM = `HOST:PORT, *:PORT, unix:/PATH or systemd:NAME`;

/** A listener: where the sidecar binds, and which of Apache's listeners it stands for. */
export type ListenSetting = {
  readonly bind: ListenAddress;
  /** Absent: the bound address itself. */
  readonly as?: { readonly host: string; readonly port: number };
  readonly tls: boolean;
};

/** YAML reads an unquoted 4.9 as a number. */
export function parseVersion(value: unknown): '4.9' | '5' | '6' | undefined {
  return (['4.9', '5', '6'] as const).find((version) => version === String(value));
}

/** YAML reads an unquoted 404 as a number. */
export function parseUnresolved(value: unknown): 'legacy' | '404' | undefined {
  return (['legacy', '404'] as const).find((rule) => rule === String(value));
}

/** `http://host:port` of an upstream; the scheme may be left out. */
export function parseOrigin(value: unknown): string | undefined {
  const match = typeof value === 'string' ? /^(?:http:\/\/)?([^/]+)\/?$/.exec(value) : null;
  const place = parseAddress(match?.[1] ?? '');
  return place?.kind === 'tcp' && place.host !== '' ? `http://${match?.[1]}` : undefined;
}

/** One or several of them; undefined when one is none. */
export function parseOrigins(value: unknown): readonly string[] | undefined {
  const origins = (Array.isArray(value) ? value : [value]).map(parseOrigin);
  const known = origins.filter((origin) => origin !== undefined);
  return known.length === origins.length && known.length > 0 ? known : undefined;
}

/** A port, as number or text. */
export function parsePort(value: unknown): number | undefined {
  const port = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535 ? port : undefined;
}

/** An address of TCP; a lone port is every address. */
export function parseTcp(value: unknown): { host: string; port: number } | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const parsedAddress = parseAddress(String(value));
  return parsedAddress?.kind === 'tcp' ? { host: parsedAddress.host, port: parsedAddress.port } : undefined;
}

/** An address, or `systemd:NAME` with a name as systemd takes it (`FileDescriptorName=` of systemd.socket(5)). */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const name = /^systemd:([\x21-\x39\x3b-\x7e]{1,255})$/.exec(text)?.[1];
  return name === undefined ? parseAddress(text) : { kind: 'systemd', name };
}

/** The text that `parseListenAddress` reads back. */
export function renderListenAddress(bind: ListenAddress): string {
  return bind.kind === 'systemd' ? `systemd:${bind.name}` : renderAddress(bind);
}

/** `127.0.0.1:8080,as=*:80,tls`, the form for a flag. */
export function parseListenText(value: unknown): ListenSetting | undefined {
  if (typeof value !== 'string') return undefined;
  const [first = '', ...rest] = value.split(',');
  const bind = parseListenAddress(first);
  const named = rest.find((part) => part.startsWith('as='));
  const as = named === undefined ? undefined : parseTcp(named.slice('as='.length));
  const known = rest.every((part) => part === 'tls' || part === named);
  if (bind === undefined || !known || (named !== undefined && as === undefined)) return undefined;
  return { bind, ...(as === undefined ? {} : { as }), tls: rest.includes('tls') };
}

/** An address that nobody else can reach; a name could lead anywhere, `localhost` is the one that may not (RFC 6761). */
export function parsePrivateAddress(value: unknown): SocketAddress | undefined {
  const place = typeof value === 'string' ? parseAddress(value) : undefined;
  const isPrivate = place?.kind === 'unix' || /^(127(\.\d{1,3}){3}|::1|localhost)$/.test(place?.host ?? '');
  return isPrivate ? place : undefined;
}

/** An entry of `trustedProxies`. */
export function isTrusted(entry: string): boolean {
  const [address = '', bits, more] = entry.split('/');
  if (entry === 'unix') return true;
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest);
  return longest > 0 && isRange && more === undefined;
}
