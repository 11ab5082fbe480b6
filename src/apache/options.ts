/** Argument text of the form `name=value …`, as mod_wsgi's directives end in it (`wsgi_parse_option()`). */
import { readWord } from './lexer.ts';

/** The options of a text from an offset on, in order; undefined where mod_wsgi refuses the text. Values may be quoted. */
export function parseOptions(text: string, from: number): [name: string, value: string][] | undefined {
  const options: [string, string][] = [];
  let at = from;
  while (at < text.length && /\s/.test(text.charAt(at))) at += 1;
  while (at < text.length) {
    const end = text.indexOf('=', at);
    const name = end === -1 ? '' : text.slice(at, end);
    if (name === '' || /\s/.test(name)) return undefined;
    const { word, next } = readWord(text, end + 1);
    options.push([name, word]);
    at = next;
  }
  return options;
}
