/**
 * Which virtual hosts a local address and port lead to, and by which names (httpd server/vhost.c: `ap_fini_vhost_config()`,
 * `update_server_from_aliases()`). Built once; a look-up does not grow with the number of virtual hosts.
 */
import { canonicalAddress } from './address-block.ts';
import type { VirtualHost } from './model.ts';

/** A virtual host in a chain, with the address text by which it got there. */
export type HostCandidate = { readonly host: VirtualHost; readonly addressText: string };

/** The virtual hosts of one address and port, in file order. */
export type HostChain = {
  readonly candidates: readonly HostCandidate[];
  /** The first candidate of each exact name, in lower case. */
  readonly exact: ReadonlyMap<string, number>;
  readonly wildcards: readonly { readonly pattern: RegExp; readonly index: number }[];
  /** The first candidate by the text of its address. */
  readonly byAddress: ReadonlyMap<string, number>;
};

/** Where local addresses lead. */
export type AddressIndex = {
  /** Chains by `address:port`; `*` is any address, port 0 any port. */
  readonly chains: ReadonlyMap<string, HostChain>;
  /** Answers so far, by port, then by address as it came; there are as many as the machine has addresses. */
  readonly known: Map<number, Map<string, HostChain | undefined>>;
};

/** The index of all virtual hosts. */
export function buildAddressIndex(hosts: readonly VirtualHost[]): AddressIndex {
  const chains = new Map<string, HostCandidate[]>();
  for (const host of hosts) {
    const seen = new Set<string>();
    for (const { address, port, text } of host.addresses) {
      const key = `${address}:${port}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const chain = chains.get(key);
      if (chain === undefined) chains.set(key, [{ host, addressText: text }]);
      else chain.push({ host, addressText: text });
    }
  }
  return {
    chains: new Map(Array.from(chains, ([key, candidates]) => [key, buildChain(candidates)])),
    known: new Map(),
  };
}

function buildChain(candidates: readonly HostCandidate[]): HostChain {
  const exact = new Map<string, number>();
  const byAddress = new Map<string, number>();
  const wildcards: { pattern: RegExp; index: number }[] = [];
  candidates.forEach(({ host, addressText }, index) => {
    setFirst(exact, host.lowerName, index);
    setFirst(byAddress, addressText.toLowerCase(), index);
    for (const alias of host.aliases) {
      if (/[*?]/.test(alias)) wildcards.push({ pattern: nameWildcard(alias), index });
      else setFirst(exact, alias.toLowerCase(), index);
    }
  });
  return { candidates, exact, wildcards, byAddress };
}

function setFirst(map: Map<string, number>, key: string, index: number): void {
  if (!map.has(key)) map.set(key, index);
}

/** A name with wildcards (httpd `ap_strcasecmp_match()`): `*` is any text, `?` any one character. For names in lower case. */
export function nameWildcard(alias: string): RegExp {
  const text = alias.toLowerCase().replace(/[^\w]/g, (char) => {
    if (char === '*') return '.*';
    return char === '?' ? '.' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return new RegExp(`^${text}$`, 's');
}

/** The chain that a connection to this address and port leads to: exact address before `*`, exact port before any. */
export function findChain(
  { chains, known }: AddressIndex,
  address: string,
  port: number,
): HostChain | undefined {
  const ofPort = known.get(port);
  const before = ofPort?.get(address);
  if (before !== undefined || ofPort?.has(address) === true) return before;
  const canonical = canonicalAddress(address);
  const keys = [`${canonical}:${port}`, `${canonical}:0`, `*:${port}`, '*:0'];
  const chain = keys.map((each) => chains.get(each)).find((each) => each !== undefined);
  known.set(port, (ofPort ?? new Map<string, HostChain | undefined>()).set(address, chain));
  return chain;
}
