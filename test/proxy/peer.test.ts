import { describe, expect, it } from 'vitest';
import { clientAddress, type Peer, parseTrustList } from '../../src/proxy/peer.ts';

function peer(parts: Partial<Peer>): Peer {
  const gone = (): AbortSignal => new AbortController().signal;
  return {
    requests: 0,
    address: '',
    port: 0,
    trusted: true,
    localAddress: '127.0.0.1',
    localPort: 80,
    listenerHost: '',
    gone,
    ...parts,
  };
}

describe('parseTrustList()', () => {
  it('knows addresses, ranges and Unix sockets', () => {
    const trust = parseTrustList(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', 'unix']);
    expect(['10.1.2.3', '192.0.2.7', 'fd12::1'].map(trust.has)).toEqual([true, true, true]);
    expect(['11.0.0.1', '192.0.2.8', '::1', '', 'unix'].map(trust.has)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(trust.unix).toBe(true);
    expect(parseTrustList(['10.0.0.0/8']).unix).toBe(false);
  });

  it.each([['localhost'], ['10.0.0.0/33'], ['10.0.0.0/'], ['10.0.0.0/a'], [''], ['::/129']])(
    'refuses %j',
    (entry) => {
      expect(() => parseTrustList([entry])).toThrow(`Cannot read "${entry}" of trustedProxies`);
    },
  );
});

describe('clientAddress()', () => {
  const trust = parseTrustList(['unix', '10.0.0.0/8']);

  it.each([
    [
      'an untrusted peer is the client, whatever it says',
      { address: '192.0.2.1', trusted: false },
      '1.2.3.4',
      '192.0.2.1',
    ],
    ['a trusted peer without the header is the client', { address: '10.0.0.1' }, undefined, '10.0.0.1'],
    ['a trusted peer names the client', { address: '10.0.0.1' }, '1.2.3.4', '1.2.3.4'],
    ['what the client itself said is not reached', { address: '10.0.0.1' }, '6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['trusted hops are passed over', { address: '10.0.0.1' }, '6.6.6.6, 1.2.3.4, 10.0.0.9', '1.2.3.4'],
    ['nonsense ends the walk', { address: '10.0.0.1' }, '1.2.3.4, unknown, 10.0.0.9', '10.0.0.9'],
    ['over a Unix socket nobody is there without the header', {}, undefined, ''],
    ['over a Unix socket the header names the client', {}, '2001:db8::1', '2001:db8::1'],
  ])('%s', (_, parts, header, address) => {
    expect(clientAddress(peer(parts), header, trust)).toBe(address);
  });
});
