/**
 * Apache's addresses and ports, and those of 127.0.0.0/8 that stand for them in a private copy: each address gets one of its own and
 * each port another port, so that the choice of virtual hosts stays what it is.
 */
import type { Site } from '../site/model.ts';

/** Where a connection may arrive, as Apache has it. */
export type Door = { readonly address: string; readonly port: number; readonly tls: boolean };

/** What stands for Apache's addresses and ports. */
export type DoorMap = {
  readonly addresses: ReadonlyMap<string, string>;
  readonly ports: ReadonlyMap<number, number>;
};

/** The address that stands for a connection to none of those that virtual hosts name. */
export const otherAddress = '127.0.0.1';

/** Every place where connections arrive: each listener, and for a listener on all addresses those that virtual hosts name. */
export function doorsOf(site: Site): readonly Door[] {
  const named = new Set(
    site.virtualHosts.flatMap(({ addresses }) => addresses.map(({ address }) => address)),
  );
  named.delete('*');
  const doors = new Map<string, Door>();
  const listeners = site.listeners.length > 0 ? site.listeners : [{ address: '*', port: 80 }];
  for (const { address, port } of listeners) {
    const addresses = address === '*' ? [otherAddress, ...named] : [address];
    for (const each of addresses)
      doors.set(`${each} ${port}`, { address: each, port, tls: speaksTls(site, each, port) });
  }
  return [...doors.values()];
}

/** Whether the first virtual host there has SSLEngine. */
function speaksTls({ virtualHosts, main }: Site, address: string, port: number): boolean {
  const there = virtualHosts.find(({ addresses }) =>
    addresses.some(
      (each) => (each.address === '*' || each.address === address) && (each.port === 0 || each.port === port),
    ),
  );
  return (there ?? main).scheme === 'https';
}

/** An address of 127.0.0.0/8 for each address of the doors. */
export function mapAddresses(doors: readonly Door[]): ReadonlyMap<string, string> {
  const addresses = new Set(doors.map(({ address }) => address));
  addresses.delete(otherAddress);
  const mapped = [...addresses].map(
    (address, at) => [address, `127.0.${1 + (at >> 8)}.${at & 255}`] as const,
  );
  return new Map([[otherAddress, otherAddress], ...mapped]);
}

/** An address of `<VirtualHost …>` in the private copy; where nothing listens stays a place where nothing listens. */
export function mapHostAddress(map: DoorMap, address: string, port: number): string {
  const host = address === '*' ? '*' : map.addresses.get(address);
  const there = port === 0 ? '*' : map.ports.get(port);
  return host === undefined || there === undefined ? '127.255.255.254:1' : `${host}:${there}`;
}

/** A name in which the private copy's port may stand, as the real server would have it. */
export function unmapPort(map: DoorMap, name: string): string {
  let text = name;
  for (const [port, mapped] of map.ports) {
    const there = new RegExp(`:${mapped}(?=$|\\|)`, 'g');
    text = text.replace(there, port === 80 || port === 443 ? '' : `:${port}`);
  }
  return text;
}
