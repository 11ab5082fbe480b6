/** What ServerName says. */
import type { DirectiveNode } from '../apache/directive.ts';

/** A ServerName in its parts; a port of 0 is none. */
export type ServerName = {
  readonly scheme: string | undefined;
  readonly name: string;
  readonly port: number;
};

/** Reads `[scheme://]name[:port]` (httpd `server_hostname_port()`). */
export function parseServerName(text: string): ServerName {
  const [, scheme, name = text, port] = /^(?:(.*?):\/\/)?([^:]*)(?::(\d+))?/s.exec(text) ?? [];
  return { scheme: scheme?.toLowerCase(), name, port: Number(port ?? 0) };
}

/** The ServerName of a server's text, known before the rest is read, so that ids do not depend on where it stands. */
export function findServerName(nodes: readonly DirectiveNode[]): string | undefined {
  const text = nodes.findLast(({ key, args }) => key === 'servername' && args.length > 0)?.args[0];
  return text === undefined ? undefined : parseServerName(text).name;
}
