/** Names of request fields in all their spellings, looked up once: what each means is said in `field-kinds.ts`. */
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

  function learn(raw: string): HeaderName {
    const lower = raw.toLowerCase();
    const name = names.get(lower) ?? { lower, kind: fieldKind(lower, userHeader), seenBy: -1, index: 0 };
    names.set(lower, name);
    spellings.set(raw, name);
    return name;
  }

  return {
    lookup: (raw) => spellings.get(raw) ?? learn(raw),
    trim() {
      if (spellings.size <= TABLE_LIMIT) return;
      spellings.clear();
      names.clear();
    },
  };
}
