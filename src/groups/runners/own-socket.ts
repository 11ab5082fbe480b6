/**
 * A Unix socket that a program binds by itself as another user than the sidecar's. It cannot lie in the runtime folder, which
 * that user may not enter. In a folder of that user's own, they could put a link to anybody's socket in its place, and have
 * the sidecar, as root, speak to that: so the socket is looked at once, must be theirs, and is held by a descriptor.
 */
import { closeSync, constants, fstatSync, mkdtempSync, openSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** `O_PATH` of Linux (open(2)), which Node does not name: a descriptor that stands for the file and opens nothing. */
const O_PATH = 0o10000000;

/** Lives as long as the process that binds it. */
export class OwnSocket {
  /** What the program is told. */
  readonly path: string;
  #descriptor: number | undefined;

  /** Makes the folder; the launcher gives it to the program's user. */
  constructor() {
    this.path = join(mkdtempSync(join(tmpdir(), 'wsgi-sidecar-')), 'app.sock');
  }

  /** A path that leads to the socket whatever becomes of its name; undefined while there is no socket of that user. */
  hold(uid: number): string | undefined {
    try {
      this.#descriptor ??= openSync(this.path, O_PATH | constants.O_NOFOLLOW);
    } catch {
      return undefined;
    }
    const found = fstatSync(this.#descriptor);
    if (found.isSocket() && found.uid === uid) return `/proc/self/fd/${this.#descriptor}`;
    this.#letGo();
    return undefined;
  }

  /** Not recursive: what else lies in the folder is that user's, and may be a way elsewhere. */
  remove(): void {
    this.#letGo();
    rmSync(this.path, { force: true });
    rmdirSync(dirname(this.path));
  }

  #letGo(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
