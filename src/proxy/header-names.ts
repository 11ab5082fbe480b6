/** Names of request fields in all their spellings, looked up once: what each means is said in `field-kinds.ts`. */
import { createHash } from 'node:crypto';
import { type FieldKind, fieldKind } from './field-kinds.ts';

/** One header name in all its spellings. `seenBy` and `index` belong to the scan that touched it last. */
export type HeaderName = {
  readonly lower: string;
  readonly kind: FieldKind;
  seenBy: number;
  index: number;
};

/** Spellings kept; a client that sends ever new names makes the table start anew, never grow. */
const TABLE_LIMIT = 1024;
/** In characters; a longer name is known for the length of one scan. */
const LONGEST_KEPT = 128;

/** Looks names up; every spelling of a name gives the same `HeaderName`. */
export type NameTable = {
  lookup(raw: string): HeaderName;
  /** To be called between requests only: a scan in progress relies on its marks. */
  trim(): void;
};

/** A table whose `user` kind is the given lower-case name; the empty string for none. */
export function createNameTable(userHeader: string): NameTable {
  const spellings = new Map<string, HeaderName>();
  const names = new Map<string, HeaderName>();
  const longNames = new Map<string, HeaderName>();

  function learn(raw: string): HeaderName {
    const lower = raw.toLowerCase();
    if (raw.length > LONGEST_KEPT) return learnLong(lower);
    const name = names.get(lower) ?? { lower, kind: fieldKind(lower, userHeader), seenBy: -1, index: 0 };
    names.set(lower, name);
    spellings.set(raw, name);
    return name;
  }

  /** V8 hashes strings from 16 KiB on by their length alone: a table of such names is a list. One of their digests is none. */
  function learnLong(lower: string): HeaderName {
    const digest = createHash('sha256').update(lower, 'latin1').digest('base64');
    const name = longNames.get(digest) ?? {
      lower,
      kind: fieldKind(lower, userHeader),
      seenBy: -1,
      index: 0,
    };
    longNames.set(digest, name);
    return name;
  }

  return {
    lookup: (raw) => spellings.get(raw) ?? learn(raw),
    trim() {
      if (longNames.size > 0) longNames.clear();
      if (spellings.size <= TABLE_LIMIT) return;
      spellings.clear();
      names.clear();
    },
  };
}
