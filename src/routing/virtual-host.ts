/** Which virtual host answers (httpd `ap_update_vhost_given_ip()`, `ap_update_vhost_from_headers_ex()`). */
import { type AddressIndex, findChain, type HostChain } from '../site/address-index.ts';
import type { VirtualHost } from '../site/model.ts';

/** The chain of a connection, or undefined where only the main server is left. */
export function chainOf(addresses: AddressIndex, address: string, port: number): HostChain | undefined {
  return findChain(addresses, address, port);
}

/** The choice and what it was made by. */
export type HostChoice = {
  readonly host: VirtualHost;
  /** How it was chosen; `default` is the first of the address, `main` has no address at all. */
  readonly by: 'name' | 'alias' | 'address' | 'path' | 'default' | 'main';
  readonly index: number;
};

/**
 * The first virtual host of the chain whose ServerName or ServerAlias is the name, whatever comes later; without a name
 * the first whose `ServerPath` leads to `path`, which is as the client wrote it.
 */
export function chooseHost(
  chain: HostChain | undefined,
  main: VirtualHost,
  hostname: string | undefined,
  path: string,
): HostChoice {
  if (chain === undefined) return { host: main, by: 'main', index: 0 };
  // Names arrive in lower case (`fixHostname`).
  const named = hostname === undefined ? findByPath(chain, path) : findNamed(chain, hostname);
  if (named !== undefined) return named;
  const first = chain.candidates[0];
  return first === undefined
    ? { host: main, by: 'main', index: 0 }
    : { host: first.host, by: 'default', index: 0 };
}

/** httpd `check_serverpath()`. */
function findByPath({ candidates }: HostChain, path: string): HostChoice | undefined {
  const index = candidates.findIndex(({ host: { legacyPath } }) => {
    if (legacyPath === undefined || !path.startsWith(legacyPath)) return false;
    return legacyPath.endsWith('/') || path.length === legacyPath.length || path[legacyPath.length] === '/';
  });
  const candidate = candidates[index];
  return candidate === undefined ? undefined : { host: candidate.host, by: 'path', index };
}

function findNamed(chain: HostChain, hostname: string): HostChoice | undefined {
  const exact = chain.exact.get(hostname);
  const wildcard = chain.wildcards.length === 0 ? undefined : findWildcard(chain, hostname, exact);
  const index = wildcard ?? exact ?? chain.byAddress.get(hostname);
  const candidate = index === undefined ? undefined : chain.candidates[index];
  if (candidate === undefined || index === undefined) return undefined;
  const { host } = candidate;
  if (wildcard === undefined && exact === undefined) return { host, by: 'address', index };
  return { host, by: host.lowerName === hostname ? 'name' : 'alias', index };
}

/** The first wildcard that comes before the exact name. */
function findWildcard(chain: HostChain, hostname: string, exact: number | undefined): number | undefined {
  for (const { pattern, index } of chain.wildcards) {
    if (exact !== undefined && index > exact) return undefined;
    if (pattern.test(hostname)) return index;
  }
  return undefined;
}
