/** A tree of directives as Apache's configuration text: what reading it again makes the same tree of. */
import type { DirectiveNode } from '../apache/directive.ts';

/** The text of directives and sections, one a line, sections indented. */
export function renderDirectives(nodes: readonly DirectiveNode[], depth = 0): string {
  const indent = '  '.repeat(depth);
  return nodes
    .map((node) => {
      const { name, text } = node;
      const line = text === '' ? name : `${name} ${text}`;
      if (node.kind === 'directive') return `${indent}${line}\n`;
      return `${indent}<${line}>\n${renderDirectives(node.children, depth + 1)}${indent}</${name}>\n`;
    })
    .join('');
}

/** A word in quotes that Apache reads as it is (httpd `ap_getword_conf()`). */
export function quoteWord(word: string): string {
  return `"${word.replace(/["\\]/g, (character) => `\\${character}`)}"`;
}
