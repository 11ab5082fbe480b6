/** A YAML text that still knows where each of its values stands. */
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** Lines and columns count from 1. */
export type Place = { readonly line: number; readonly column: number };

export type SettingsDocument = {
  readonly value: unknown;
  /** For what has a grammar of its own. */
  readonly document: Document;
  readonly placeAt: (offset: number) => Place;
  /** The key of the value at `path`, or the value itself inside a list; the nearest that exists. */
  readonly placeOf: (path: readonly (string | number)[]) => Place;
  readonly errors: readonly { readonly place: Place; readonly message: string }[];
};

/** Reads one document; errors of syntax are values, with positions. */
export function readDocument(text: string): SettingsDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: '1.2',
    uniqueKeys: isSameKey,
  });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const errors = document.errors.map((error) => ({ place: place(error.pos[0]), message: error.message }));
  return {
    value: errors.length > 0 ? undefined : (document.toJS({ maxAliasCount: 100 }) ?? {}),
    document,
    placeAt: place,
    placeOf: (path) => place(offsetOf(document, path)),
    errors,
  };
}

/** A tag makes another value of the same characters. */
function isSameKey(one: unknown, other: unknown): boolean {
  return isScalar(one) && isScalar(other) && one.value === other.value && one.tag === other.tag;
}

function offsetOf(document: Document, path: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = startOf(document.contents);
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) break;
      offset = startOf(pair.key as Node);
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = startOf(node as Node | undefined, offset);
    } else break;
  }
  return offset;
}

function startOf(node: Node | null | undefined, otherwise = 0): number {
  return node?.range?.[0] ?? otherwise;
}
