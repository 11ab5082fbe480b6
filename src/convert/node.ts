/** Nodes of a tree made from values instead of text: their argument text is what `apache/` would read back as these words. */
import type { Directive, DirectiveNode, Section, SourcePosition } from '../apache/directive.ts';
import { lowerAscii, readWord, splitWords, trimSpace } from '../apache/lexer.ts';
import { parseOptions } from '../apache/options.ts';

/** A directive with these words. */
export function directive(name: string, args: readonly string[], position: SourcePosition): Directive {
  return { kind: 'directive', name, key: lowerAscii(name), args, text: renderWords(args), position };
}

/** A directive with this argument text, quotes and all. */
export function rawDirective(name: string, text: string, position: SourcePosition): Directive {
  const trimmed = trimSpace(text);
  const args = splitWords(trimmed);
  return { kind: 'directive', name, key: lowerAscii(name), args, text: trimmed, position };
}

/** A section with these words and children. */
export function section(
  name: string,
  args: readonly string[],
  children: readonly DirectiveNode[],
  position: SourcePosition,
): Section {
  const text = renderWords(args);
  return { kind: 'section', name, key: lowerAscii(name), args, text, position, children };
}

/** The text that `splitWords` takes for these words. */
function renderWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

/** The text that `readWord` takes for this word: bare where that is possible, else in double quotes. */
export function quoteWord(word: string): string {
  const bare = readWord(word);
  if (word !== '' && bare.word === word && bare.next === word.length) return word;
  return `"${word.replace(/["\\]/g, '\\$&')}"`;
}

/** Options of mod_wsgi's directives: `name=value`, the value as `quoteWord` has it. */
export type Options = readonly (readonly [name: string, value: string])[];

/** The leading words and the options of a mod_wsgi directive; undefined where it is not of that form or an option is repeated. */
export function splitOptions(
  text: string,
  count: number,
): { readonly words: readonly string[]; readonly options: ReadonlyMap<string, string> } | undefined {
  const words: string[] = [];
  let at = 0;
  while (words.length < count) {
    const { word, next } = readWord(text, at);
    if (word === '') return undefined;
    words.push(word);
    at = next;
  }
  const list = parseOptions(text, at);
  const options = new Map(list);
  if (list === undefined || options.size < list.length) return undefined;
  return { words, options };
}

/** A directive of leading words and options. */
export function optionsDirective(
  name: string,
  words: readonly string[],
  options: Options,
  position: SourcePosition,
): Directive {
  const parts = [...words.map(quoteWord), ...options.map(([key, value]) => `${key}=${quoteWord(value)}`)];
  return rawDirective(name, parts.join(' '), position);
}

/** `python-path` → `pythonPath`. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `pythonPath` → `python-path`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
