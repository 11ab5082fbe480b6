/** A private Apache for `verify`: its folder with the mirrored files, its process, and the end of both. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { SidecarError } from '../errors.ts';
import { askProbe } from './ask-probe.ts';

/** A file or folder of the original that the mirror must have. Byte strings. */
export type MirroredPath = { readonly path: string; readonly kind: 'file' | 'directory' };

/** The folder of a private Apache. */
export type PrivateFolder = {
  readonly folder: string;
  /** Stands for `/`. */
  readonly mirror: string;
  /** Makes what the mirror must have; every file is the probe. */
  fill(paths: readonly MirroredPath[], probe: string): void;
  remove(): void;
};

/** Makes an empty folder, which Apache's own user may enter. */
export function makePrivateFolder(): PrivateFolder {
  const folder = mkdtempSync(join(tmpdir(), 'wsgi-sidecar-verify-'));
  const mirror = join(folder, 'root');
  chmodSync(folder, 0o755);
  mkdirSync(mirror);
  mkdirSync(join(folder, 'run'));
  return {
    folder,
    mirror,
    fill: (paths, probe) => {
      for (const { path, kind } of paths) mirrorPath(mirror + posix.normalize(path), kind, probe);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function mirrorPath(path: string, kind: MirroredPath['kind'], probe: string): void {
  const place = Buffer.from(path, 'latin1');
  const folder = kind === 'directory' ? place : Buffer.from(dirname(path), 'latin1');
  if (existsSync(place)) return;
  mkdirSync(folder, { recursive: true });
  if (kind === 'file') writeFileSync(place, probe);
}

/** Names in a folder of the original, those of files and folders only; empty for what cannot be read. */
export function listFolder(path: string): readonly (MirroredPath & { readonly name: string })[] {
  const place = Buffer.from(path, 'latin1');
  try {
    return readdirSync(place, { encoding: 'latin1' })
      .sort()
      .flatMap((name) => {
        const whole = `${path.replace(/\/$/, '')}/${name}`;
        const stats = statSync(Buffer.from(whole, 'latin1'), { throwIfNoEntry: false });
        if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return [];
        return [{ name, path: whole, kind: stats.isFile() ? ('file' as const) : ('directory' as const) }];
      });
  } catch {
    return [];
  }
}

/** Ports that are free on all the given addresses, one for each of `wanted`. */
export async function freePorts(
  wanted: readonly number[],
  addresses: readonly string[],
): Promise<ReadonlyMap<number, number>> {
  const ports = new Map<number, number>();
  while (ports.size < wanted.length) {
    // Below the range of outgoing connections, so that none takes it before Apache does.
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const isTaken = [...ports.values()].includes(port) || wanted.includes(port);
    const free = isTaken ? [false] : await Promise.all(addresses.map((address) => isFree(address, port)));
    if (free.every(Boolean)) ports.set(wanted[ports.size] as number, port);
  }
  return ports;
}

function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}

/** A running private Apache. */
export type PrivateApache = { stop(): Promise<void> };

/** How to start one. */
export type PrivateStart = {
  readonly program: string;
  readonly folder: string;
  /** The configuration, a byte string. */
  readonly text: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where it answers when it is up. */
  readonly address: string;
  readonly port: number;
};

/** Milliseconds that it may take to start. */
const startMs = 20_000;

/** Starts it and waits until it answers; rejects with what Apache says when it does not. */
export async function startPrivateApache(start: PrivateStart): Promise<PrivateApache> {
  const { program, folder, text, environment, address, port } = start;
  const file = join(folder, 'apache.conf');
  writeFileSync(file, text, 'latin1');
  const child = spawn(program, ['-d', folder, '-f', file, '-DFOREGROUND'], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stderr.setEncoding('latin1').on('data', (part: string) => {
    said += part;
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(said + errorLog(folder)));
  });
  const failed = ended.then((why) => {
    const message = `The private copy of Apache does not start: ${why.trim()}: see "${program} --help", and report what it does not like`;
    throw new SidecarError('ERR_CONFIG_SYNTAX', message);
  });
  failed.catch(() => undefined);
  const forget = endWithUs(child, folder);
  const guard = guardAgainstKill(child, folder);
  try {
    await Promise.race([failed, untilAnswering(address, port)]);
  } catch (error) {
    endGroup(child, 'SIGKILL');
    guard.kill('SIGKILL');
    forget();
    throw error;
  }
  return {
    stop: async () => {
      // A child of mod_wsgi may hang in the end of Python; nothing of this server is needed any more.
      endGroup(child, 'SIGKILL');
      guard.kill('SIGKILL');
      await ended;
      forget();
    },
  };
}

/** A person who loses patience leaves no server and no files behind. Returns what takes the handlers off. */
function endWithUs(child: ChildProcess, folder: string): () => void {
  const end = (signal: NodeJS.Signals): void => {
    endGroup(child, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    forget();
    process.kill(process.pid, signal);
  };
  const forget = (): void => {
    process.off('SIGINT', end).off('SIGTERM', end).off('SIGHUP', end);
  };
  process.on('SIGINT', end).on('SIGTERM', end).on('SIGHUP', end);
  return forget;
}

/** A process that outlives a SIGKILL of this one: the end of its input tells it, and it ends the server and removes the folder. */
function guardAgainstKill({ pid }: ChildProcess, folder: string): ChildProcess {
  const script = 'cat >/dev/null; kill -s KILL -- "-$1" 2>/dev/null; rm -rf -- "$2"';
  const guard = spawn('/bin/sh', ['-c', script, 'guard', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.once('error', () => undefined);
  guard.unref();
  return guard;
}

async function untilAnswering(address: string, port: number): Promise<void> {
  const until = performance.now() + startMs;
  for (;;) {
    try {
      await askProbe(
        { host: address, port, tls: false },
        { target: '/', host: 'localhost', minorVersion: 1 },
      );
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function errorLog(folder: string): string {
  const file = join(folder, 'run', 'error.log');
  return existsSync(file) ? readFileSync(file, 'latin1').slice(-2000) : '';
}

/** Ends the server and all its children: it leads a process group of its own. */
function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone already.
  }
}
