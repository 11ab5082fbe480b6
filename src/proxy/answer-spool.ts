/**
 * What a client has not taken of an answer: in memory first, then in a file, in the order in which it came. Law: every byte is handed on
 * once and in order, or `failed` is told; what it took of the room is given back.
 */
import type { FileHandle } from 'node:fs/promises';
import type { SpoolLimits, SpoolRoom } from './spool-room.ts';

/** Where it goes. */
export type SpoolSink = {
  /** False: no more until `drained`. */
  write(bytes: Buffer): boolean;
  /** More may come, after `take` has returned false. */
  hasRoom(): void;
  /** Nothing is kept any longer; told once. */
  emptied(): void;
  /** What was kept cannot be read. */
  failed(error: unknown): void;
};

/** What waits in memory for the file. */
const BACK_BYTES = 262_144;
const READ_BYTES = 65_536;
/** Smaller pieces are joined, so that their number is bounded too. */
const SMALL_BYTES = 4096;

/** From the first byte that is kept to the last that is handed on. */
export class AnswerSpool {
  readonly #room: SpoolRoom;
  readonly #limits: SpoolLimits;
  readonly #sink: SpoolSink;
  /** Before the file, and behind it. */
  #front: Buffer[] = [];
  #back: Buffer[] = [];
  #frontBytes = 0;
  #backBytes = 0;
  #writingBytes = 0;
  #file: FileHandle | undefined;
  #readTo = 0;
  #writtenTo = 0;
  #isReading = false;
  #isFileUsable: boolean;
  /** The client takes no more at present. */
  #isFull = true;
  #wantsRoom = false;
  #isOver = false;

  constructor(room: SpoolRoom, limits: SpoolLimits, sink: SpoolSink) {
    this.#room = room;
    this.#limits = limits;
    this.#sink = sink;
    this.#isFileUsable = limits.fileBytes > 0;
    room.answers += 1;
    room.answersEver += 1;
  }

  get heldBytes(): number {
    return (
      this.#frontBytes + this.#backBytes + this.#writingBytes + Math.max(0, this.#writtenTo - this.#readTo)
    );
  }

  /** Keeps bytes, which are its own from now on. False: no more until `hasRoom`. */
  take(bytes: Buffer): boolean {
    this.#room.memoryBytes += bytes.length;
    if (this.#isBeforeFile && this.#fitsMemory(bytes.length)) {
      append(this.#front, bytes);
      this.#frontBytes += bytes.length;
    } else {
      append(this.#back, bytes);
      this.#backBytes += bytes.length;
      void this.#flush();
    }
    this.#wantsRoom = !this.#mayTakeMore();
    this.#pump();
    return this.#isOver || !this.#wantsRoom;
  }

  /** The client takes more. */
  drained(): void {
    this.#isFull = false;
    this.#pump();
  }

  /** Forgets all; what is under way gives back its own part of the room when it is done. */
  discard(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#room.answers -= 1;
    this.#room.memoryBytes -= this.#frontBytes + this.#backBytes;
    this.#room.giveFile(this.#writtenTo);
    this.#front = [];
    this.#back = [];
    // Waits for what is under way.
    this.#file?.close().catch(ignore);
  }

  get #isBeforeFile(): boolean {
    return this.#readTo === this.#writtenTo && this.#writingBytes === 0 && this.#back.length === 0;
  }

  #fitsMemory(bytes: number): boolean {
    const { memoryBytes, memoryTotalBytes } = this.#limits;
    return this.#frontBytes + bytes <= memoryBytes && this.#room.memoryBytes <= memoryTotalBytes;
  }

  #mayTakeMore(): boolean {
    if (this.#isBeforeFile && this.#fitsMemory(READ_BYTES)) return true;
    const { memoryTotalBytes } = this.#limits;
    const most = this.#room.memoryBytes < memoryTotalBytes ? BACK_BYTES : 1;
    return this.#isFileUsable && this.#backBytes + this.#writingBytes < most;
  }

  /** Hands on as much as the client takes. */
  #pump(): void {
    while (!this.#isFull && !this.#isOver) {
      const next = this.#front.shift();
      if (next !== undefined) {
        this.#frontBytes -= next.length;
        this.#room.memoryBytes -= next.length;
        this.#isFull = !this.#sink.write(next);
      } else if (this.#readTo < this.#writtenTo) {
        void this.#read();
        return;
      } else if (this.#writingBytes > 0) return;
      else if (this.#back.length > 0) {
        [this.#front, this.#frontBytes] = [this.#back, this.#backBytes];
        [this.#back, this.#backBytes] = [[], 0];
      } else {
        this.discard();
        this.#sink.emptied();
      }
    }
  }

  async #read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      const size = Math.min(READ_BYTES, this.#writtenTo - this.#readTo);
      const bytes = Buffer.allocUnsafeSlow(size);
      const { bytesRead } = await (this.#file as FileHandle).read(bytes, 0, size, this.#readTo);
      if (bytesRead === 0) throw new Error('the file is shorter than what was written to it');
      this.#isReading = false;
      if (this.#isOver) return;
      this.#readTo += bytesRead;
      this.#isFull = !this.#sink.write(bytes.subarray(0, bytesRead));
      this.#pump();
    } catch (error) {
      if (!this.#isOver) this.#sink.failed(error);
    }
  }

  /** Brings what waits behind the file into it. */
  async #flush(): Promise<void> {
    const bytes = this.#backBytes;
    if (this.#writingBytes > 0 || bytes === 0 || !this.#isFileUsable) return;
    const { fileBytes, fileTotalBytes } = this.#limits;
    if (this.#writtenTo + bytes > fileBytes || !this.#room.takeFile(bytes, fileTotalBytes)) {
      this.#isFileUsable = false;
      return;
    }
    const pieces = this.#back;
    [this.#back, this.#backBytes, this.#writingBytes] = [[], 0, bytes];
    const isWritten = await this.#write(Buffer.concat(pieces, bytes));
    this.#writingBytes = 0;
    if (!isWritten || this.#isOver) this.#room.giveFile(bytes);
    if (isWritten || this.#isOver) this.#room.memoryBytes -= bytes;
    if (this.#isOver) return;
    if (isWritten) this.#writtenTo += bytes;
    else {
      this.#isFileUsable = false;
      this.#back = [...pieces, ...this.#back];
      this.#backBytes += bytes;
    }
    void this.#flush();
    this.#pump();
    this.#tellRoom();
  }

  /** False where the disk does not take it. */
  async #write(bytes: Buffer): Promise<boolean> {
    try {
      const file = this.#file ?? (await this.#room.open());
      this.#file = file;
      if (this.#isOver) await file.close();
      else {
        const { bytesWritten } = await file.write(bytes, 0, bytes.length, this.#writtenTo);
        if (bytesWritten < bytes.length) throw new Error('the disk took only a part');
      }
      return true;
    } catch (error) {
      this.#room.tell(error);
      return false;
    }
  }

  #tellRoom(): void {
    if (!this.#wantsRoom || this.#isOver || !this.#mayTakeMore()) return;
    this.#wantsRoom = false;
    this.#sink.hasRoom();
  }
}

function append(list: Buffer[], bytes: Buffer): void {
  const last = list.at(-1);
  if (last === undefined || last.length + bytes.length > SMALL_BYTES) list.push(bytes);
  else list[list.length - 1] = Buffer.concat([last, bytes]);
}

function ignore(): void {
  // A descriptor that cannot be closed is closed.
}
