/**
 * Lines → nested sections. A line is a directive, an opening or a close; a `TreeBuilder` holds what is open.
 * The rules and the words of the complaints are those of `ap_build_config_sub` (httpd server/config.c);
 * unlike Apache, which stops at its first error, a builder goes on, so that all problems can be shown at once.
 */
import type { DirectiveNode, SourcePosition } from './directive.ts';
import { readWord, trimSpace } from './lexer.ts';

/** What a line says. The name of an opening is without `<`, its text still has the `>`; `word` is the whole first word. */
export type ParsedLine =
  | { readonly kind: 'directive'; readonly name: string; readonly text: string }
  | { readonly kind: 'open'; readonly name: string; readonly text: string }
  | { readonly kind: 'close'; readonly word: string };

/** The meaning of a logical line, undefined for an empty one and for a comment. Variables must have been substituted. */
export function parseLine(line: string): ParsedLine | undefined {
  if (line === '' || line.charAt(0) === '#') return undefined;
  const { word, next } = readWord(line);
  if (word === '') return undefined;
  if (word.charAt(1) === '/') {
    return word.charAt(0) === '<'
      ? { kind: 'close', word }
      : { kind: 'directive', name: word, text: line.slice(next) };
  }
  const name = word.endsWith('>') ? word.slice(0, -1) : word;
  const text = line.slice(next);
  if (name.charAt(0) !== '<') return { kind: 'directive', name, text };
  return { kind: 'open', name: name.slice(1), text: text === '' ? '>' : text };
}

/** The argument text of an opening: what stands before its last `>`; undefined when there is none. */
export function sectionText(text: string): string | undefined {
  const end = text.lastIndexOf('>');
  return end < 0 ? undefined : trimSpace(text.slice(0, end));
}

/** A section or a conditional block (`<IfModule>` and the like, whose content joins what is around it) that is open. */
type Frame =
  | {
      readonly kind: 'section';
      readonly name: string;
      readonly key: string;
      readonly position: SourcePosition;
    }
  | {
      readonly kind: 'block';
      readonly name: string;
      readonly key: string;
      readonly position: SourcePosition;
    };

/** A tree under construction: one per file, because a section must end in the file where it begins. */
export type TreeBuilder = {
  readonly root: DirectiveNode[];
  readonly frames: Frame[];
  /** The children of each open section, the root first. */
  readonly targets: DirectiveNode[][];
};

/** A complaint about nesting; `position` where it is not the line at hand. */
export type NestingProblem = {
  readonly message: string;
  readonly advice: string;
  readonly position?: SourcePosition;
  readonly severity: 'error' | 'warning';
};

/** A builder with nothing in it. */
export function emptyTree(): TreeBuilder {
  const root: DirectiveNode[] = [];
  return { root, frames: [], targets: [root] };
}

/** Appends a directive, or the nodes of an included file, to the innermost open section. */
export function addNode(builder: TreeBuilder, node: DirectiveNode): void {
  builder.targets.at(-1)?.push(node);
}

/** Appends a section and opens it. `children` must be the array that the section holds. */
export function openSection(builder: TreeBuilder, node: DirectiveNode, children: DirectiveNode[]): void {
  addNode(builder, node);
  builder.frames.push({ kind: 'section', name: node.name, key: node.key, position: node.position });
  builder.targets.push(children);
}

/** Opens a conditional block that holds. */
export function openBlock(builder: TreeBuilder, name: string, key: string, position: SourcePosition): void {
  builder.frames.push({ kind: 'block', name, key, position });
}

/** Whether the line, as it stands in the file, ends the conditional block that is innermost. */
export function closesBlock(builder: TreeBuilder, line: string): boolean {
  const frame = builder.frames.at(-1);
  if (frame?.kind !== 'block' || !line.startsWith('</')) return false;
  if (line.slice(2).toLowerCase() !== `${frame.key}>`) return false;
  builder.frames.pop();
  return true;
}

/** Ends the innermost section. After a complaint the tree is as a reader of the text would expect it. */
export function closeSection(builder: TreeBuilder, word: string): NestingProblem | undefined {
  const name = word.slice(2).replace(/>$/, '');
  const frame = builder.frames.at(-1);
  if (frame?.kind !== 'section') {
    return {
      severity: 'error',
      message: `</${name}> without matching <${name}> section`,
      advice: recover(builder, name) ?? `Remove it, or open <${name}> before it in the same file`,
    };
  }
  if (!word.endsWith('>')) {
    popFrame(builder);
    return {
      severity: 'error',
      message: `</${name}> directive missing closing ">"`,
      advice: `Write </${name}>`,
    };
  }
  if (frame.key === name.toLowerCase()) {
    popFrame(builder);
    return undefined;
  }
  recover(builder, name);
  return {
    severity: 'error',
    message: `Expected </${frame.name}> but saw </${name}>`,
    advice: `Close <${frame.name}> of ${frame.position.file}:${frame.position.line} first`,
  };
}

/** Closes everything up to the section of that name, if one is open. */
function recover(builder: TreeBuilder, name: string): string | undefined {
  const key = name.toLowerCase();
  const at = builder.frames.findLastIndex((frame) => frame.key === key);
  if (at < 0) return undefined;
  const isInnermost = at === builder.frames.length - 1;
  while (builder.frames.length > at) popFrame(builder);
  return isInnermost ? 'Write nothing else on its line' : 'Close what was opened after it first';
}

function popFrame(builder: TreeBuilder): void {
  if (builder.frames.pop()?.kind === 'section') builder.targets.pop();
}

/**
 * What is still open at the end of the file. Apache takes the end of the file for the end of a conditional block,
 * and of the sections inside it, without a word: that is only a warning.
 */
export function unclosed(builder: TreeBuilder): readonly NestingProblem[] {
  const firstBlock = builder.frames.findIndex((frame) => frame.kind === 'block');
  return builder.frames.map(({ name, position }, at): NestingProblem => {
    const fatal = firstBlock < 0 || at < firstBlock;
    return {
      severity: fatal ? 'error' : 'warning',
      message: `<${name}> was not closed`,
      advice: `Add </${name}> before the end of the file`,
      position,
    };
  });
}
