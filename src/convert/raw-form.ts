/** The form of what has no key of its own, or stands in Apache's text in a way that its key cannot say: the line as it is. */
import { trimSpace } from '../apache/lexer.ts';
import { parseLine } from '../apache/parser.ts';
import type { Form } from './form.ts';
import { rawDirective } from './node.ts';
import { positionOf, readList, readText, refuse } from './read.ts';
import { commented, listNode, onManyLines, placeOf } from './write.ts';
import { textNode } from './yaml-text.ts';

/** What Apache runs while it reads its files: there is nothing left of it in a tree. */
const executed: ReadonlySet<string> = new Set(
  'define undefine include includeoptional loadmodule loadfile serverroot defaultruntimedir use undefmacro'.split(
    ' ',
  ),
);

/** Lines of Apache's configuration language, one directive each. */
export const rawLines: Form = {
  takes: [],
  write: (nodes, { reading }) =>
    onManyLines(
      listNode(
        nodes.map((node) =>
          commented(textNode(trimSpace(`${node.name} ${node.text}`)), placeOf([node], reading)),
        ),
      ),
    ),
  read: (value, reader) =>
    readList(reader, value).flatMap((item) => {
      const text = readText(reader, item);
      if (text === undefined) return [];
      const parsed = parseLine(trimSpace(text));
      const isLine = parsed?.kind === 'directive' && !executed.has(parsed.name.toLowerCase());
      if (!isLine)
        return (
          refuse(
            reader,
            item,
            'one directive that is no section and that Apache does not run while it reads',
          ) ?? []
        );
      return [rawDirective(parsed.name, parsed.text, positionOf(reader, item))];
    }),
};
