/**
 * Lines for a descriptor, made and written together at the end of each turn of the event loop: the access log has one for every request, and
 * one after the other they take half the time. Laws: no line is parted, written twice or still to be written when the process ends; a
 * descriptor that takes nothing costs its lines, and no request.
 */
import { writeSync } from 'node:fs';

/** What is kept for a full disk: lines beyond are lost, and told. */
const LONGEST_BACKLOG_BYTES = 1024 * 1024;

/** When a descriptor that took nothing is tried again. */
const RETRY_MS = 50;

const NOTHING = Buffer.alloc(0);

export type LineBatchOptions<Entry> = {
  /** The line of an entry, with its end. */
  render(entry: Entry): string;
  /** Told how many lines were lost, once lines are taken again. */
  tellLost(lines: number): void;
};

/** Lives as long as its process. */
export class LineBatch<Entry> {
  readonly #fd: number;
  readonly #options: LineBatchOptions<Entry>;
  #state: 'empty' | 'gathering' | 'failing' | 'closed' = 'empty';
  /** Of this turn, for which there are no lines yet. */
  #entries: Entry[] = [];
  #lines = '';
  /** Bytes of before that the descriptor did not take. */
  #rest: Buffer = NOTHING;
  #lost = 0;

  constructor(fd: number, options: LineBatchOptions<Entry>) {
    this.#fd = fd;
    this.#options = options;
    process.prependListener('exit', this.#writeAll);
  }

  /** Takes what is to become a line. */
  write(entry: Entry): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'failing') {
      this.#addLine(entry);
      return;
    }
    this.#entries.push(entry);
    if (this.#state !== 'empty') return;
    this.#state = 'gathering';
    setImmediate(this.#endTurn);
  }

  /** Writes what has gathered, so that what others write to the descriptor comes behind it. */
  flush(): void {
    if (this.#state === 'gathering') this.#writeAll();
  }

  readonly #endTurn = (): void => this.flush();

  #addLine(entry: Entry): void {
    if (this.#rest.length + this.#lines.length > LONGEST_BACKLOG_BYTES) this.#lost += 1;
    else this.#lines += this.#options.render(entry);
  }

  readonly #writeAll = (): void => {
    for (const entry of this.#entries) this.#addLine(entry);
    this.#entries = [];
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
    if (lost > 0) this.#options.tellLost(lost);
  }

  #failed(code: string | undefined): void {
    const nobodyReads = code === 'EPIPE';
    this.#state = nobodyReads ? 'closed' : 'failing';
    if (!nobodyReads) setTimeout(this.#writeAll, RETRY_MS).unref();
  }
}
