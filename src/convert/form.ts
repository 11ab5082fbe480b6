/** What a key of `sites` is: directives of certain names on one side, a YAML value on the other, and the way both ways. */
import type { Node } from 'yaml';
import type { DirectiveNode, Section } from '../apache/directive.ts';
import type { Reader, Value } from './read.ts';
import type { Reading } from './write.ts';

/** How directives of one family become a value and a value becomes directives. */
export type Form = {
  /** Lower-case names, sections with `<`. */
  readonly takes: readonly string[];
  /** The value of all directives of these names in one place, in order; undefined where it cannot say them. */
  readonly write: (nodes: readonly DirectiveNode[], writer: Writer) => Node | undefined;
  readonly read: (value: Value, reader: Reader) => DirectiveNode[];
};

/** What forms need for writing. */
export type Writer = {
  /** What comments take for granted. */
  readonly reading: Reading;
  /** Whether the directives at hand stand in a section. */
  readonly inSection: boolean;
  /** The keys and values of what a section sets. */
  readonly writeScope: (section: Section) => [key: string, value: Node][];
  /** Takes note of a directive that is not carried over. */
  readonly leave: (node: DirectiveNode) => void;
};

/** `server` stands in the main server alone, `host` there and in virtual hosts, `scope` in sections too. */
export type Row = { readonly key: string; readonly where: 'server' | 'host' | 'scope'; readonly form: Form };
