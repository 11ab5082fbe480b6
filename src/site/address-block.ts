/** Blocks of IP addresses as `Require ip` and `Allow from` write them (httpd `apr_ipsubnet_create()`). */
import { isIP } from 'node:net';

/** A network: the first `bits` bits of `bytes`. */
export type AddressBlock = { readonly bytes: readonly number[]; readonly bits: number };

/** What Apache makes of a text: a block; nothing, and it does not start; or one that is not reckoned with here (a mask with gaps). */
export type BlockReading =
  | { readonly kind: 'block'; readonly block: AddressBlock }
  | { readonly kind: 'refused' }
  | { readonly kind: 'other' };

/** `10.1`, `10.1.0.0/16`, `10.1.0.0/255.255.0.0`, `::1`, `fe80::/10`. */
export function readBlock(text: string): BlockReading {
  if (isNoAddress(text)) return { kind: 'refused' };
  const block = blockOf(text);
  return block === undefined ? { kind: 'other' } : { kind: 'block', block };
}

/** The block of a text; undefined for anything else. */
export function parseBlock(text: string): AddressBlock | undefined {
  const reading = readBlock(text);
  return reading.kind === 'block' ? reading.block : undefined;
}

function blockOf(text: string): AddressBlock | undefined {
  const [address = '', mask] = text.split('/', 2);
  const bytes = parseAddress(address) ?? partialAddress(address);
  if (bytes === undefined || address.includes('%')) return undefined;
  const block = { bytes: pad(bytes), bits: bytes.length * 8 };
  if (mask === undefined) return block;
  if (/^\+?\d+$/.test(mask)) return { ...block, bits: Number(mask) };
  const bits = parseAddress(mask)
    ?.map((byte) => byte.toString(2).padStart(8, '0'))
    .join('');
  return bits !== undefined && /^1*0*$/.test(bits)
    ? { ...block, bits: bits.lastIndexOf('1') + 1 }
    : undefined;
}

/** Whether `apr_ipsubnet_create()` surely refuses it. */
function isNoAddress(text: string): boolean {
  const [address = '', ...masks] = text.split('/');
  const mask = masks[0];
  const version = isIP(address);
  if (version === 6) return isMapped(address) || (mask !== undefined && isNoMask(mask, masks.length, 128));
  if (!/^\d+(?:\.\d+){0,3}\.?$/.test(address)) return !address.includes('%');
  const parts = address.replace(/\.$/, '').split('.');
  if (parts.some((part) => Number(part) > 255)) return true;
  return mask !== undefined && (parts.length < 4 || isNoMask(mask, masks.length, 32));
}

/** An IPv4 address that is written as IPv6. */
function isMapped(address: string): boolean {
  const bytes = parseIPv6(address.replace(/%.*$/, ''));
  return bytes.every((byte, index) => index > 11 || byte === (index < 10 ? 0 : 255));
}

function isNoMask(mask: string, count: number, most: number): boolean {
  if (count > 1 || mask === '') return true;
  return /^\+?\d+$/.test(mask) ? Number(mask) > most : most === 128 || isIP(mask) !== 4;
}

function pad(bytes: readonly number[]): readonly number[] {
  return bytes.length < 4 ? [...bytes, 0, 0, 0, 0].slice(0, 4) : bytes;
}

function partialAddress(text: string): readonly number[] | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){0,2}\.?$/.test(text)) return undefined;
  const bytes = text.replace(/\.$/, '').split('.').map(Number);
  return bytes.every((byte) => byte < 256) ? bytes : undefined;
}

/** The 4 or 16 bytes of a numeric address; an IPv4 address mapped into IPv6 is IPv4. */
export function parseAddress(text: string): readonly number[] | undefined {
  const plain = text.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const version = isIP(plain);
  if (version === 4) return plain.split('.').map(Number);
  return version === 6 ? parseIPv6(plain) : undefined;
}

function parseIPv6(text: string): readonly number[] {
  const [head = '', tail] = text.split('::', 2);
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const zeros = new Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0);
  return [...front, ...zeros, ...back].flatMap((word) => [word >> 8, word & 255]);
}

function words(text: string): number[] {
  return text
    .split(':')
    .filter((part) => part !== '')
    .flatMap((part) => {
      if (!part.includes('.')) return [Number.parseInt(part, 16)];
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
      return [a * 256 + b, c * 256 + d];
    });
}

/** Whether an address lies in a block. */
export function blockHolds(block: AddressBlock, address: readonly number[]): boolean {
  if (address.length !== block.bytes.length) return false;
  for (let bit = 0; bit < block.bits; bit += 8) {
    const left = block.bits - bit;
    const mask = left >= 8 ? 255 : 256 - (1 << (8 - left));
    const index = bit >> 3;
    if (((address[index] as number) & mask) !== ((block.bytes[index] as number) & mask)) return false;
  }
  return true;
}

/** One text per address, so that addresses can be compared: `::1` and `0:0:0:0:0:0:0:1` are the same. */
export function canonicalAddress(text: string): string {
  const bytes = parseAddress(text);
  if (bytes === undefined) return text;
  return bytes.length === 4
    ? bytes.join('.')
    : bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
