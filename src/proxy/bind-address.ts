/** The addresses of listeners as the settings write them. */
import { isIP } from 'node:net';
import { SidecarError } from '../errors.ts';
import type { StandsFor } from './peer.ts';

/** Where a listener binds. */
export type BindAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Reads `HOST:PORT`, `*:PORT`, `[IPv6]:PORT`, `PORT` or `unix:PATH`; throws ERR_SETTINGS_INVALID. */
export function parseBindAddress(text: string): BindAddress {
  if (text.startsWith('unix:')) return { kind: 'unix', path: text.slice('unix:'.length) };
  const { host, port } = splitAddress(text);
  return { kind: 'tcp', host: host === '*' || host === '' ? '::' : host, port };
}

/** Reads `as`: the Apache `Listen` that a listener stands for, `*:80`, `10.0.0.1:80` or `80`. */
export function parseStandsFor(text: string): StandsFor {
  const { host, port } = splitAddress(text);
  return isIP(host) === 0 || host === '0.0.0.0' || host === '::' ? { port } : { address: host, port };
}

function splitAddress(text: string): { host: string; port: number } {
  const match = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new SidecarError(
      'ERR_SETTINGS_INVALID',
      `Cannot read the address "${text}": write HOST:PORT, *:PORT, [IPv6]:PORT or unix:PATH`,
    );
  }
  return { host: match[1] ?? match[2] ?? '', port };
}
