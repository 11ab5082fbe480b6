/**
 * The tree that Apache's configuration text becomes: directives and sections, each with its place in a file.
 * Every string of `src/apache`, `src/site` and `src/routing` is a *byte string*: one character per byte,
 * code points 0 to 255 (latin-1), because Apache compares bytes and PEP 3333 hands applications the same.
 * `bytes.ts` converts at the borders.
 */

/** Where a directive stands. Lines count from 1; a continued line has the number of its first line. */
export type SourcePosition = { readonly file: string; readonly line: number };

/** What directives and sections have in common. */
type Node = {
  /** As written. */
  readonly name: string;
  /** Lower-case name: Apache compares directive names without case. */
  readonly key: string;
  /** The words of the argument text, unquoted. */
  readonly args: readonly string[];
  /** The argument text as Apache's `RAW_ARGS` directives see it: trimmed, quotes kept; of a section what stands before the last `>`. */
  readonly text: string;
  /** For a macro's directive the line of the macro's body. */
  readonly position: SourcePosition;
  /** The `Use` lines that brought it here, innermost first. */
  readonly uses?: readonly SourcePosition[];
  /** Where Apache says it stands (its log, mod_info), if elsewhere: the last line of a continued one, a macro by its name. */
  readonly reported?: SourcePosition;
};

/** One directive in force, after Define, Include and Macro have been expanded. */
export type Directive = Node & { readonly kind: 'directive' };

/** `<VirtualHost …>`, `<Directory …>` and the like, with what is inside; the name is without the `<`. */
export type Section = Node & { readonly kind: 'section'; readonly children: readonly DirectiveNode[] };

export type DirectiveNode = Directive | Section;
