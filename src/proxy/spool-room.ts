/** What all answers together keep for clients that lag (settings `limits.spool…`), and the files that they keep it in. */
import { constants } from 'node:fs';
import { type FileHandle, open, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProxyLog } from './log.ts';

/** Bytes; 0 is none. */
export type SpoolLimits = {
  /** Of one answer, and of all, in memory. */
  readonly memoryBytes: number;
  readonly memoryTotalBytes: number;
  /** Of one answer, and of all, in files. */
  readonly fileBytes: number;
  readonly fileTotalBytes: number;
};

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** A folder in memory (`/run`) that is full would harm others: files get this part of what is free at most. */
const SHARE_OF_FREE = 0.5;

/** A full disk is told now and then. */
const TELL_EVERY_MS = 60_000;

/** Lives as long as the sidecar, over reloads. */
export class SpoolRoom {
  readonly #folder: string;
  readonly #log: Pick<ProxyLog, 'warn'>;
  #sequence = 0;
  #mayHoldBytes = Number.POSITIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** Answers that are kept now, and how many have been. */
  answers = 0;
  answersEver = 0;
  memoryBytes = 0;
  fileBytes = 0;

  /** A folder that nobody else may enter. */
  constructor(folder: string, log: Pick<ProxyLog, 'warn'>) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Room in files for so many bytes more; false where there is none. `giveFile` gives it back. */
  takeFile(bytes: number, totalBytes: number): boolean {
    if (this.fileBytes + bytes > Math.min(totalBytes, this.#mayHoldBytes)) return false;
    this.fileBytes += bytes;
    return true;
  }

  giveFile(bytes: number): void {
    this.fileBytes -= bytes;
  }

  /** A file that has no name: it is gone with its descriptor, whatever becomes of the sidecar. */
  async open(): Promise<FileHandle> {
    const { bavail, bsize } = await statfs(this.#folder);
    this.#mayHoldBytes = this.fileBytes + bavail * bsize * SHARE_OF_FREE;
    this.#sequence += 1;
    const path = join(this.#folder, `spool-${process.pid}-${this.#sequence}`);
    const file = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    await unlink(path);
    return file;
  }

  /** A file could not be made or written; the answer waits for its client instead. */
  tell(error: unknown): void {
    if (performance.now() - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = performance.now();
    const message = `Cannot keep answers for slow clients in "${this.#folder}": they hold threads of their groups instead; make room there`;
    this.#log.warn({ err: error }, message);
  }
}
