/** What a configuration was read from: which files and folders to watch, and whether they say the same as before. */
import { createHash } from 'node:crypto';
import type { FileReader } from '../apache/file-reader.ts';

/** Places on the file system, as byte strings. */
export type ReadPlaces = {
  /** Files that were read or looked for, those that are missing too. */
  readonly files: readonly string[];
  /** Folders whose names were asked for. */
  readonly folders: readonly string[];
};

export type RecordedReads = {
  readonly reader: FileReader;
  places(): ReadPlaces;
  /** Equal for readings that found the same, in the same order. */
  fingerprint(): string;
};

/** A reader that remembers what it was asked and what it answered. */
export function recordReads(reader: FileReader): RecordedReads {
  const files = new Set<string>();
  const folders = new Set<string>();
  const hash = createHash('sha256');
  const note = (...parts: readonly (string | Buffer | undefined)[]): void => {
    for (const part of parts) hash.update(part ?? '').update('\0');
  };
  return {
    reader: {
      read(path) {
        const answer = reader.read(path);
        files.add(path);
        note('read', path, 'bytes' in answer ? answer.bytes : answer.reason);
        return answer;
      },
      list(path) {
        const answer = reader.list(path);
        folders.add(path);
        const names = 'entries' in answer ? answer.entries.map(({ name }) => name).sort() : [];
        note('list', path, ...names);
        return answer;
      },
      kind(path) {
        const answer = reader.kind(path);
        files.add(path);
        note('kind', path, answer);
        return answer;
      },
    },
    places: () => ({ files: [...files], folders: [...folders] }),
    fingerprint: () => hash.copy().digest('hex'),
  };
}
