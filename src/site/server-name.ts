/** What ServerName says. */
import type { DirectiveNode } from '../apache/directive.ts';
import { leadingInteger } from '../c-integer.ts';

/** A ServerName in its parts; a port of 0 is none. */
export type ServerName = {
  readonly scheme: string | undefined;
  readonly name: string;
  readonly port: number;
  /** The port as it is written, read by atoi(3). */
  readonly portText: string | undefined;
};

/** Reads `[scheme://]name[:port]` (httpd `server_hostname_port()`). */
export function parseServerName(text: string): ServerName {
  const [, scheme, name = text, port] = /^(?:(.*?):\/\/)?([^:]*)(?::(.*))?/s.exec(text) ?? [];
  return { scheme: scheme?.toLowerCase(), name, port: leadingInteger(port ?? ''), portText: port };
}

/** The ServerName of a server's text, known before the rest is read, so that ids do not depend on where it stands. */
export function findServerName(nodes: readonly DirectiveNode[]): string | undefined {
  const text = nodes.findLast(({ key, args }) => key === 'servername' && args.length > 0)?.args[0];
  return text === undefined ? undefined : parseServerName(text).name;
}
