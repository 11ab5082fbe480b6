/** Heads of requests for properties: most of them right, the others nearly. */
import { fc } from '../support/property.ts';

const often = <T>(usual: fc.Arbitrary<T>, ...odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

const method = often(
  fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'PROPFIND', 'M-SEARCH', 'UNSUBSCRIBE', 'TRACE', 'PURGE'),
  ...['get', 'GE', 'GETS', 'G T', 'FOO', '', 'PRI', 'BREW', 'G\0T', '"GET"', 'GET\t', 'A'.repeat(40)],
);

const target = often(
  fc.oneof(
    fc.constantFrom(
      '/',
      '/a/b?c=d',
      '*',
      'http://a.test/b',
      'a.test:443',
      '//a',
      '/%00',
      '/a#b',
      '/[]{}|^`"<>\\',
    ),
    fc.stringMatching(/^\/[!-~]{0,20}$/),
  ),
  ...['', '/\xe9', '/\x7f', '/a b', '/\t', '/\0', ' /', '/ ', '\x0b/'],
);

const version = often(
  fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
  ...['HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'HTTP/1.10', 'HTTP/1', 'http/1.1', 'HTTP/1.1 ', ' HTTP/1.1'],
  ...[
    'ICE/1.0',
    'RTSP/1.0',
    'SIP/2.0',
    '',
    'HTTP/x.1',
    'HTTP/3.0',
    'HTTP/1.1\t',
    'HTTP /1.1',
    'HTTP/11.1',
    'SOURCE/1.1',
  ],
);

const space = often(fc.constant(' '), '  ', '\t', '', '\x0c');
const lineEnd = often(fc.constant('\r\n'), '\n', '\r', '\r\r\n', '\n\r', '');

const name = often(
  fc.oneof(
    fc.constantFrom('Host', 'Accept', 'X-A', 'x_b', "!#$%&'*+-.^_`|~", 'Cookie', 'A'),
    fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/),
  ),
  ...['', 'X A', 'X\t', ' X', '\tX', 'X\xe9', 'X\0', 'X(', 'X:', '"X"', 'X/', 'X@', 'X '],
);

const value = often(
  fc.oneof(
    fc.constantFrom('a', '', 'a b', 'a\tb', '\xe9\xff', 'a:b', '"', '\x80', 'a, b'),
    fc.stringMatching(/^[ -~]{0,20}$/),
  ),
  ...['a\0b', 'a\x7f', 'a\rb', 'a\nb', 'a\r\n b', '\x01', 'a\x0b', '\x1b'],
);
const blanks = fc.constantFrom('', ' ', ' ', ' ', '\t', '  \t ');

/** A name and a value with the blanks around it, and the end of their line. */
const field = fc
  .tuple(name, often(fc.constant(':'), '', ' :', '::', ';'), blanks, value, blanks, lineEnd)
  .map((parts) => parts.join(''));

const line = fc.tuple(method, space, target, space, version, lineEnd).map((parts) => parts.join(''));

/** Empty lines that may stand before a head. */
const before = often(fc.constant(''), '\r\n', '\r\n\r\n', '\n', '\r', ' \r\n');

/** The bytes of one head, to its empty line; latin-1. */
export const HEADS: fc.Arbitrary<string> = fc
  .tuple(before, line, fc.array(field, { maxLength: 6 }), lineEnd)
  .map(([empty, start, fields, end]) => `${empty}${start}${fields.join('')}${end}`);

/** Places where a text is cut, as shares of its length. */
export const CUTS: fc.Arbitrary<readonly number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  maxLength: 8,
});

/** Cuts a text; every byte by itself where there are no cuts. */
export function cutUp(text: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const ends = cuts.length === 0 ? [...bytes.keys()] : cuts.map((cut) => Math.round(cut * bytes.length));
  const places = [0, ...ends.sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}
