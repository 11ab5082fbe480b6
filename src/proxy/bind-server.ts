/** How a server comes to its address: bound anew, or on a socket that was open before this process. */
import { randomBytes } from 'node:crypto';
import { chmod, chown, link, lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { problemOf, SidecarError } from '../errors.ts';
import { parseBindAddress } from './bind-address.ts';

/** Where to bind. */
export type BindOptions = {
  /** `HOST:PORT`, `*:PORT`, `unix:PATH`, or `systemd:NAME` where `open` is given. */
  readonly bind: string;
  /** Numeric group that may connect to a Unix socket (mode 0660); absent: the sidecar's own. */
  readonly socketGroup?: number;
  /** The listening socket to take instead of binding one; the server owns its descriptor from then on. */
  readonly open?: {
    readonly fd: number;
    readonly address: string | undefined;
    /** Whether the file of a Unix socket is ours, or will be when this process serves, and whether it is by now. */
    readonly ownsFile: boolean;
    mayRemoveFile(): boolean;
  };
};

/** The socket of a server that listens. */
export type BoundSocket = {
  /** As bound: `127.0.0.1:8080` or `unix:PATH`, with the real port where 0 was asked for. */
  readonly address: string;
  /** Its descriptor in this process, for a successor to inherit. */
  readonly fd: number;
  /** Whether the file of a Unix socket is ours to remove. */
  readonly ownsFile: boolean;
  /** Removes the file of a Unix socket, where it is ours and still the same. */
  removeFile(): Promise<void>;
};

/**
 * Starts any server on an address; rejects with ERR_LISTEN that ends in `advice`. A Unix socket of a program that is gone is
 * replaced, and opened to `socketGroup`.
 */
export async function bindServer(server: Server, options: BindOptions, advice: string): Promise<BoundSocket> {
  const { bind, open } = options;
  try {
    if (open !== undefined) await listen(server, { fd: open.fd });
    else await bindAnew(server, options);
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, bind, advice);
  }
  const address = boundAddress(server, open?.address ?? bind);
  const ownsFile = address.startsWith('unix:') && (open?.ownsFile ?? true);
  const removeFile = ownsFile ? await fileRemover(address, open?.mayRemoveFile) : async () => undefined;
  return { address, fd: descriptorOf(server), ownsFile, removeFile };
}

async function bindAnew(server: Server, { bind: text, socketGroup }: BindOptions): Promise<void> {
  if (text.startsWith('systemd:')) throw new Error('systemd has not passed a socket of that name');
  const bind = parseBindAddress(text);
  if (bind.kind === 'tcp') await listen(server, { host: bind.host, port: bind.port });
  else await bindFile(server, bind.path, socketGroup);
}

/** `sun_path` of Linux holds 108 with the closing NUL (unix(7)). */
const PATH_BYTES = 107;

/**
 * A Unix socket is bound under a draft name and then given its own: it is never seen with the wrong mode, a file of that
 * name is never replaced, and libuv, which removes the name that it has bound when the server closes, does not take the
 * socket away from a successor that serves it by then.
 */
async function bindFile(server: Server, path: string, group: number | undefined): Promise<void> {
  if (Buffer.byteLength(path) > PATH_BYTES)
    throw new Error(`a socket's path has at most ${PATH_BYTES} bytes, and nobody could connect to this one`);
  await removeStaleSocket(path);
  const draft = join(dirname(path), `.${randomBytes(4).toString('hex')}`);
  await listen(server, { path: draft });
  try {
    if (group !== undefined) await chown(draft, -1, group);
    await chmod(draft, 0o660);
    await link(draft, path);
  } catch (error) {
    server.close();
    throw error;
  }
  await unlink(draft);
}

function listen(
  server: Server,
  where:
    | { readonly fd: number }
    | { readonly path: string }
    | { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.removeAllListeners('error');
      resolve();
    });
    server.listen(where);
  });
}

function listenError(error: NodeJS.ErrnoException, text: string, advice: string): SidecarError {
  if (error instanceof SidecarError) return error;
  const isTaken = error.code === 'EADDRINUSE' || error.code === 'EEXIST';
  const why = isTaken ? 'it is taken' : error.code === 'EACCES' ? notAllowed(text) : problemOf(error);
  const next = isTaken ? `free it, or ${advice}` : advice;
  return new SidecarError('ERR_LISTEN', `Cannot listen on "${text}": ${why}: ${next}`, { cause: error });
}

/** libuv says EACCES for a folder that is missing, too. */
function notAllowed(text: string): string {
  if (!text.startsWith('unix:')) return 'this user may not bind it';
  return 'its folder is missing, or this user may not write there';
}

/** Removes the socket of a sidecar that is gone; one that still answers, and anything else of that name, stays. */
async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isSocket() !== true) return;
  if (!(await isAnswering(path))) await unlink(path);
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // One that is busy (EAGAIN: no room for a further client), or not ours to ask, is not gone.
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'));
  });
}

/** A socket that was given may have another address than the one it was asked for under, and a Unix one tells none. */
function boundAddress(server: Server, known: string): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return known;
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

/** Node tells the descriptor of a server only so (net.Server has no other way), and -1 where there is none. */
function descriptorOf(server: Server): number {
  return (server as unknown as { _handle?: { readonly fd?: number } })._handle?.fd ?? -1;
}

async function fileRemover(address: string, mayRemove = (): boolean => true): Promise<() => Promise<void>> {
  const path = address.slice('unix:'.length);
  const ours = await lstat(path).catch(() => undefined);
  return async () => {
    if (!mayRemove()) return;
    const now = await lstat(path).catch(() => undefined);
    if (now !== undefined && now.ino === ours?.ino && now.dev === ours.dev) await unlink(path);
  };
}
