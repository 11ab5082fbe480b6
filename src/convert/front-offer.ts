/** What an operator may write where Apache's mod_remoteip named the fronts (`RemoteIPInternalProxy`, `RemoteIPTrustedProxy`). */
import { isIP } from 'node:net';
import type { DirectiveNode } from '../apache/directive.ts';

const NAMES: ReadonlySet<string> = new Set(['remoteipinternalproxy', 'remoteiptrustedproxy']);

/** The line of the settings; undefined where no address stands in the directives that `trustedProxies` could take. */
export function offerTrustedProxies(nodes: readonly DirectiveNode[]): string | undefined {
  const addresses = new Set<string>();
  for (const node of nodes) {
    if (node.kind !== 'directive' || !NAMES.has(node.key)) continue;
    for (const entry of node.args) if (isAddressOrRange(entry)) addresses.add(entry);
  }
  if (addresses.size === 0) return undefined;
  const list = [...addresses].map((entry) => (entry.includes(':') ? `'${entry}'` : entry));
  return `trustedProxies: [${list.join(', ')}]`;
}

/** Apache takes host names, netmasks and halves of addresses besides. */
function isAddressOrRange(entry: string): boolean {
  const [, address = '', bits = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const longest = { 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return Number(bits) <= longest;
}
