/**
 * Random configurations: mostly sound text with odd words, now and then a section that is open or closed too often.
 * Their directives take any words and their section may stand anywhere, so that only the syntax can be wrong.
 */
import { fc } from '../support/property.ts';

const piece = fc.constantFrom(
  ...['a', 'b', '"', "'", '\\', ' ', '\t', '#', '$', '{', '}', '<', '>', '\xe9', '\r', '\v', '\\\\', '\\"'],
  ...[`\${x}`, `\${X}`, `\${y}`, `\${n`, '$p', '@q', '\\\n', '\\\r\n'],
);
const words = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
const directive = fc.constantFrom('"UnsetEnv"', 'unsetenv', 'UnsetEnv', 'PassEnv');
const section = fc.constantFrom('If', 'if', 'IF');
const condition = fc.constantFrom(
  ...['IfModule core.c', 'IfModule absent', 'IfModule !absent', 'IfDefine x', 'IfDefine !x'],
  ...['ifmodule so_module', 'IfVersion >= 2.4', 'IfVersion < 2.4', 'IfFile /etc/passwd'],
);
const oddLine = fc.constantFrom(
  ...[
    'Include part.conf',
    'IncludeOptional d/*.conf',
    '# comment \\',
    '',
    '</If>',
    '<If false>',
    '</Directory>',
  ],
  ...['</IfModule>', '<IfModule core.c>', '<IfModule absent>', '</Macro>', 'Use absent', 'Define'],
);
const variable = fc.constantFrom('x', 'X', 'y');
const macro = fc.constantFrom('m', 'K');

const { line } = fc.letrec<{ line: string; inside: string }>((tie) => ({
  inside: fc.array(tie('line'), { maxLength: 3 }).map((lines) => lines.join('\n')),
  line: fc.oneof(
    { weight: 60, arbitrary: fc.tuple(directive, words).map(([name, text]) => `${name} x${text}`) },
    { weight: 20, arbitrary: fc.tuple(directive, words).map(([name, text]) => `${name} "x${text}" end`) },
    {
      weight: 12,
      arbitrary: fc
        .tuple(section, tie('inside'))
        .map(([name, inside]) => `<${name} "true">\n${inside}\n</${name}>`),
    },
    {
      weight: 16,
      arbitrary: fc
        .tuple(condition, tie('inside'))
        .map(([text, inside]) => `<${text}>\n${inside}\n</${text.replace(/ .*/, '')}>`),
    },
    { weight: 12, arbitrary: fc.tuple(variable, words).map(([name, text]) => `Define ${name} "${text}"`) },
    { weight: 4, arbitrary: variable.map((name) => `UnDefine ${name}`) },
    {
      weight: 12,
      arbitrary: fc
        .tuple(macro, tie('inside'))
        .map(([name, inside]) => `<Macro ${name} $p @q>\n${inside}\n</Macro>`),
    },
    { weight: 10, arbitrary: macro.map((name) => `Use ${name} one "t w o"`) },
    { weight: 4, arbitrary: fc.tuple(macro, words).map(([name, text]) => `Use ${name} x${text} 'q${text}'`) },
    { weight: 10, arbitrary: oddLine },
  ),
}));

const macros =
  '<Macro m $p @q>\nPassEnv $p@q x@q\n</Macro>\n<Macro k %p $pq>\nUnsetEnv %p$pq\nUse m %p $pq\n</Macro>\n';

/** The text of a file, byte string; it may include `part.conf` and the folder `d` beside it. Needs mod_env and mod_macro. */
export const randomConfiguration: fc.Arbitrary<string> = fc
  .array(line, { minLength: 1, maxLength: 8 })
  .map((lines) => `${macros}${lines.join('\n')}\n`);

/** The text of a file that may be included. */
export const randomPart: fc.Arbitrary<string> = fc.constantFrom(
  'UnsetEnv part',
  '<If true>\n</If>\nDefine x part',
  `UnsetEnv \${x}\\`,
  '<If true>',
);
