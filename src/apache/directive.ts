/**
 * The tree that Apache's configuration text becomes: directives and sections, each with its place in a file.
 * Every string of `src/apache`, `src/site` and `src/routing` is a *byte string*: one character per byte,
 * code points 0 to 255 (latin-1), because Apache compares bytes and PEP 3333 hands applications the same.
 * `bytes.ts` converts at the borders.
 */

/** Where a directive stands. Lines count from 1; a continued line has the number of its first line. */
export type SourcePosition = { readonly file: string; readonly line: number };

/** One directive in force, after Define, Include and Macro have been expanded. */
export type Directive = {
  readonly kind: 'directive';
  /** As written. */
  readonly name: string;
  /** Lower-case name: Apache compares directive names without case. */
  readonly key: string;
  /** The words of the argument text, unquoted. */
  readonly args: readonly string[];
  /** The argument text as Apache's `RAW_ARGS` directives see it: trimmed, quotes kept. */
  readonly text: string;
  readonly position: SourcePosition;
};

/** `<VirtualHost …>`, `<Directory …>` and the like, with what is inside. */
export type Section = {
  readonly kind: 'section';
  readonly name: string;
  readonly key: string;
  readonly args: readonly string[];
  readonly text: string;
  readonly position: SourcePosition;
  readonly children: readonly DirectiveNode[];
};

export type DirectiveNode = Directive | Section;
