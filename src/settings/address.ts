/** Addresses of listeners and upstreams as they are written: `127.0.0.1:8080`, `[::1]:8080`, `*:80`, `80`, `unix:/run/x.sock`. */

/** Where to listen or to connect. An empty host is every address. */
export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** The address; undefined when the text is none. `*` and a lone port mean every address. */
export function parseAddress(text: string): SocketAddress | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path.startsWith('/') ? { kind: 'unix', path } : undefined;
  }
  const match = /^(?:(?:\[([0-9A-Fa-f:.%]+)\]|\*|([^\s:[\]/*]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) return undefined;
  return { kind: 'tcp', host: match[1] ?? match[2] ?? '', port };
}

/** The text that `parseAddress` reads back. */
export function renderAddress(address: SocketAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const { host, port } = address;
  if (host === '') return `*:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
