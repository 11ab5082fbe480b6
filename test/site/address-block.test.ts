import { describe, expect, it } from 'vitest';
import { blockHolds, canonicalAddress, parseAddress, parseBlock } from '../../src/site/address-block.ts';

function holds(block: string, address: string): boolean | undefined {
  const parsed = parseBlock(block);
  const bytes = parseAddress(address);
  return parsed === undefined || bytes === undefined ? undefined : blockHolds(parsed, bytes);
}

describe('parseBlock()', () => {
  it.each([
    ['a single address', '10.1.2.3', '10.1.2.3', true],
    ['the beginning of addresses', '10.1', '10.1.200.3', true],
    ['and nothing beyond it', '10.1', '10.2.0.1', false],
    ['a number of bits', '10.1.0.0/15', '10.0.255.1', true],
    ['a mask', '10.1.0.0/255.255.0.0', '10.1.9.9', true],
    ['an IPv6 block', 'fe80::/10', 'febf::1', true],
    ['no IPv4 address in an IPv6 block', '::/0', '10.0.0.1', false],
    ['IPv4 written as IPv6', '10.0.0.0/8', '::ffff:10.9.9.9', true],
  ])('holds %s', (_, block, address, expected) => {
    expect(holds(block, address)).toBe(expected);
  });

  it.each([
    'example.com',
    '10.1.2.3/33.1',
    '300.1',
    '10.1.2.0/255.0.255.0',
    '10.0.0.0/33',
    '10/8',
    '::ffff:10.0.0.0/104',
  ])('refuses %s', (text) => {
    expect(parseBlock(text)).toBeUndefined();
  });
});

describe('canonicalAddress()', () => {
  it('writes one address in one way', () => {
    expect(canonicalAddress('0:0:0:0:0:0:0:1')).toBe(canonicalAddress('::1'));
    expect(canonicalAddress('::ffff:127.0.0.1')).toBe('127.0.0.1');
  });
});
