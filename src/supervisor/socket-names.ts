/** What an inherited descriptor listens on, as /proc shows it: asked without touching the socket. */
import { readFileSync, readlinkSync } from 'node:fs';
import { SocketAddress } from 'node:net';

/**
 * `127.0.0.1:80`, `[::]:80` or `unix:PATH` of a descriptor of this process that is a listening stream socket. Undefined for
 * anything else, and for a socket of another network namespace, whose address /proc does not show.
 */
export function listeningAddress(fd: number): string | undefined {
  const inode = inodeOf(fd);
  if (inode === undefined) return undefined;
  return tcpAddress('tcp', inode) ?? tcpAddress('tcp6', inode) ?? unixAddress(inode);
}

/** Host and port in one spelling for comparisons: `*` is `[::]`, IPv6 as inet_ntop(3) writes it. */
export function canonicalAddress(text: string): string {
  if (text.startsWith('unix:')) return text;
  const colon = text.lastIndexOf(':');
  const [host, port] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
  if (host === '' || host === '*') return `[::]:${port}`;
  if (!host.startsWith('[')) return text;
  return `[${new SocketAddress({ address: host.slice(1, -1), family: 'ipv6' }).address}]:${port}`;
}

function inodeOf(fd: number): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  } catch {
    return undefined;
  }
}

/** `TCP_LISTEN` of the kernel's include/net/tcp_states.h. */
const LISTENING = '0A';

function tcpAddress(table: 'tcp' | 'tcp6', inode: string): string | undefined {
  for (const line of linesOf(table)) {
    const [, local = '', , state, , , , , , itsInode] = line.trim().split(/\s+/);
    if (state !== LISTENING || itsInode !== inode) continue;
    const [address = '', port = ''] = local.split(':');
    return `${hostOf(address)}:${Number.parseInt(port, 16)}`;
  }
  return undefined;
}

/** The kernel writes each 32-bit word of an address in the machine's own byte order: little-endian wherever Node 20 runs Linux but on s390x. */
function hostOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
  return `[${new SocketAddress({ address: groups, family: 'ipv6' }).address}]`;
}

/** `SO_ACCEPTCON`: somebody has called listen(2). */
const ACCEPTS = 0x10000;
const STREAM = '0001';

function unixAddress(inode: string): string | undefined {
  for (const line of linesOf('unix')) {
    const match = /^\S+: \S+ \S+ (\S+) (\S+) \S+ +(\d+) (\/.*)$/.exec(line);
    const [, flags = '0', type, itsInode, path] = match ?? [];
    if (itsInode === inode && type === STREAM && (Number.parseInt(flags, 16) & ACCEPTS) !== 0)
      return `unix:${path}`;
  }
  return undefined;
}

function linesOf(table: string): readonly string[] {
  try {
    return readFileSync(`/proc/self/net/${table}`, 'utf8').split('\n').slice(1);
  } catch {
    return [];
  }
}
