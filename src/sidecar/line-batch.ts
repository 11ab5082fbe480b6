/**
 * Lines for a descriptor, written together at the end of each turn of the event loop: the access log has one for every request. Laws: no line
 * is parted, written twice or still to be written when the process ends; a descriptor that takes nothing costs its lines, and no request.
 */
import { writeSync } from 'node:fs';

/** What is kept for a full disk: lines beyond are lost, and told. */
const LONGEST_BACKLOG_BYTES = 1024 * 1024;

/** When a descriptor that took nothing is tried again. */
const RETRY_MS = 50;

const NOTHING = Buffer.alloc(0);

/** Lives as long as its process. */
export class LineBatch {
  readonly #fd: number;
  readonly #tellLost: (lines: number) => void;
  #state: 'empty' | 'gathering' | 'failing' | 'closed' = 'empty';
  #lines = '';
  /** Bytes of before that the descriptor did not take. */
  #rest: Buffer = NOTHING;
  #lost = 0;

  /** `tellLost` is told how many lines were lost, once lines are taken again. */
  constructor(fd: number, tellLost: (lines: number) => void) {
    this.#fd = fd;
    this.#tellLost = tellLost;
    process.prependListener('exit', this.#writeAll);
  }

  /** Takes a line with its end. */
  write(line: string): void {
    if (this.#state === 'closed') return;
    if (this.#rest.length + this.#lines.length > LONGEST_BACKLOG_BYTES) {
      this.#lost += 1;
      return;
    }
    this.#lines += line;
    if (this.#state !== 'empty') return;
    this.#state = 'gathering';
    setImmediate(this.#endTurn);
  }

  /** Writes what has gathered, so that what others write to the descriptor comes behind it. */
  flush(): void {
    if (this.#state === 'gathering') this.#writeAll();
  }

  readonly #endTurn = (): void => this.flush();

  readonly #writeAll = (): void => {
    const lines = Buffer.from(this.#lines);
    let bytes = this.#rest.length === 0 ? lines : Buffer.concat([this.#rest, lines]);
    this.#lines = '';
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#fd, bytes));
      this.#rest = NOTHING;
      this.#written();
    } catch (error) {
      this.#rest = bytes;
      this.#failed((error as NodeJS.ErrnoException).code);
    }
  };

  #written(): void {
    this.#state = 'empty';
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#tellLost(lost);
  }

  #failed(code: string | undefined): void {
    const nobodyReads = code === 'EPIPE';
    this.#state = nobodyReads ? 'closed' : 'failing';
    if (!nobodyReads) setTimeout(this.#writeAll, RETRY_MS).unref();
  }
}
