/**
 * Who is at the other end of a connection, and for whom it speaks. Law: identity and forwarding headers count only from
 * `trustedProxies`. Addresses are worked out once per connection, not per request.
 */
import { BlockList, isIP, type Socket } from 'node:net';
import { SidecarError } from '../errors.ts';

/** The two ends of one client connection. */
export type Peer = {
  /** The peer's own address; empty on a Unix socket. */
  readonly address: string;
  readonly port: number;
  /** Whether its identity and forwarding headers are believed. */
  readonly trusted: boolean;
  /** The local end as Apache would have it. */
  readonly localAddress: string;
  readonly localPort: number;
  /** The host of the `Listen` that its listener stands for; empty for all addresses. */
  readonly listenerHost: string;
  /** Requests that have come on the connection. */
  requests: number;
  /** Aborted when the connection is gone; made at first use, shared by the connection's requests. */
  gone(): AbortSignal;
};

/** Whom to believe. */
export type TrustList = {
  /** Whether peers on a Unix socket are trusted. */
  readonly unix: boolean;
  has(address: string): boolean;
};

/** A list of addresses, CIDR ranges and the word `unix`; throws ERR_SETTINGS_INVALID for anything else. */
export function parseTrustList(entries: readonly string[]): TrustList {
  const list = new BlockList();
  let unix = false;
  for (const entry of entries) {
    if (entry === 'unix') unix = true;
    else addRange(list, entry);
  }
  return { unix, has: (address) => isIP(address) !== 0 && list.check(address, family(address)) };
}

function addRange(list: BlockList, entry: string): void {
  const [address = '', prefix] = entry.split('/');
  const longest = isIP(address) === 4 ? 32 : 128;
  const bits = prefix === undefined ? longest : Number(prefix);
  if (isIP(address) === 0 || !Number.isInteger(bits) || bits < 0 || bits > longest || prefix === '') {
    throw new SidecarError(
      'ERR_SETTINGS_INVALID',
      `Cannot read "${entry}" of trustedProxies: write an address, a CIDR range or "unix"`,
    );
  }
  list.addSubnet(address, bits, family(address));
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** An IPv4 address that came over a dual-stack socket, as Apache writes it. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

/** The Apache `Listen` that a listener stands for; what is absent is the socket's own. */
export type StandsFor = { readonly address?: string; readonly port?: number };

const peerKey = Symbol('peer');
type Known = { readonly peer: Peer; readonly trust: TrustList; readonly as: StandsFor };
type KnownSocket = Socket & { [peerKey]?: Known };

/** The peer of a connection: made at its first request, the same object for all later ones until a reload changes whom to believe. */
export function peerOf(socket: Socket, trust: TrustList, as: StandsFor): Peer {
  const { [peerKey]: known } = socket as KnownSocket;
  if (known?.trust === trust && known.as === as) return known.peer;
  const peer = makePeer(socket, trust, as);
  (socket as KnownSocket)[peerKey] = { peer, trust, as };
  return peer;
}

function makePeer(socket: Socket, trust: TrustList, as: StandsFor): Peer {
  const address = plainAddress(socket.remoteAddress);
  let controller: AbortController | undefined;
  return {
    address,
    port: socket.remotePort ?? 0,
    trusted: address === '' ? trust.unix : trust.has(address),
    localAddress: as.address ?? (plainAddress(socket.localAddress) || '127.0.0.1'),
    localPort: as.port ?? socket.localPort ?? 80,
    listenerHost: as.address ?? '',
    requests: 0,
    gone() {
      if (controller === undefined) {
        const made = new AbortController();
        controller = made;
        if (socket.destroyed) made.abort();
        else socket.once('close', () => made.abort());
      }
      return controller.signal;
    },
  };
}

/** The client: behind a trusted peer the right-most address of X-Forwarded-For that is not itself trusted (`wsgi_process_forwarded_for`). */
export function clientAddress(peer: Peer, forwardedFor: string | undefined, trust: TrustList): string {
  if (!peer.trusted || forwardedFor === undefined) return peer.address;
  const hops = forwardedFor.split(',').map((hop) => hop.trim());
  let client = peer.address;
  for (let i = hops.length - 1; i >= 0; i -= 1) {
    const hop = hops[i] ?? '';
    if (isIP(hop) === 0) break;
    client = hop;
    if (!trust.has(hop)) break;
  }
  return client;
}
