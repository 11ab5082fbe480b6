/** Listening sockets that were open before this process: of systemd, or of the sidecar that it succeeds. */
import { closeSync } from 'node:fs';
import { canonicalAddress } from './socket-names.ts';

/** One of them. */
export type OpenSocket = {
  readonly fd: number;
  /** The listener's address as the settings write it, or as /proc shows it; undefined when neither is known. */
  readonly address: string | undefined;
  /** systemd's name for it (`FileDescriptorName=`), or the old sidecar's `bind`; empty where it has none. */
  readonly name: string;
  /** Whether the file of a Unix socket is the sidecar's to remove: systemd's is not. */
  readonly ownsFile: boolean;
};

/** One that a listener has taken. */
export type TakenSocket = OpenSocket & {
  /** Whether the file of a Unix socket is to be removed with the listener: not while the old sidecar may have to go on. */
  mayRemoveFile(): boolean;
};

/** The sockets of one start; each is taken once. */
export class OpenSockets {
  readonly #left: Set<OpenSocket>;
  #isSettled = false;

  constructor(sockets: readonly OpenSocket[]) {
    this.#left = new Set(sockets);
  }

  /**
   * The socket for a listener: the one of that name, as `systemd:NAME` asks for it, else the one of that address; for every address of a
   * port one of IPv4 alone will do, since systemd can be told to bind so. The descriptor is the caller's from then on.
   */
  take(bind: string): TakenSocket | undefined {
    const left = [...this.#left];
    const found =
      left.find(({ name }) => name === bind || `systemd:${name}` === bind) ??
      left.find(({ address }) => address !== undefined && isSame(address, bind)) ??
      left.find(({ address }) => isEveryAddress(address, bind));
    if (found === undefined) return undefined;
    this.#left.delete(found);
    return { ...found, mayRemoveFile: () => found.ownsFile && this.#isSettled };
  }

  /**
   * This process serves. Returns the sockets that no listener has taken, which are closed by this: clients are refused there
   * from then on.
   */
  settle(): readonly OpenSocket[] {
    this.#isSettled = true;
    const left = [...this.#left];
    this.#left.clear();
    for (const { fd } of left) closeSync(fd);
    return left;
  }
}

function isSame(address: string, bind: string): boolean {
  const [one, other] = [canonicalAddress(address), canonicalAddress(bind)];
  return one === other || (/^localhost:/.test(bind) && isLoopback(one) && portOf(one) === portOf(bind));
}

function isEveryAddress(address: string | undefined, bind: string): boolean {
  const wide = canonicalAddress(bind);
  return wide.startsWith('[::]:') && address === `0.0.0.0:${portOf(wide)}`;
}

function isLoopback(address: string): boolean {
  return /^(127(\.\d+){3}|\[::1\]):/.test(address);
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1);
}
