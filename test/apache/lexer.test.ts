import { describe, expect, it } from 'vitest';
import { lowerAscii, nextLine, readerOf, readWord, splitWords, trimSpace } from '../../src/apache/lexer.ts';
import { fc } from '../support/property.ts';

/** A byte that can be in a line: no NUL, no line feed. */
const byte = fc.integer({ min: 1, max: 255 }).filter((code) => code !== 10);
const bytes = fc.array(byte, { maxLength: 20 }).map((codes) => String.fromCharCode(...codes));

function linesOf(text: string): { text: string; first: number; last: number }[] {
  const reader = readerOf(text);
  const lines = [];
  for (let line = nextLine(reader); line !== undefined; line = nextLine(reader)) {
    lines.push({ text: line.text, first: line.first, last: line.last });
  }
  return lines;
}

describe('splitWords()', () => {
  it.each([
    ['plain words', 'a  b\tc', ['a', 'b', 'c']],
    ['quotes keep spaces', '"a b" \'c d\'', ['a b', 'c d']],
    ['an escaped quote', '"a\\"b" \'c\\\'d\'', ['a"b', "c'd"]],
    ['the other quote needs no escape and keeps its backslash', '"a\\\'b"', ["a\\'b"]],
    ['two backslashes are one everywhere', '\\\\a "\\\\b"', ['\\a', '\\b']],
    ['other backslashes stay', '\\d+\\.\\s "\\d"', ['\\d+\\.\\s', '\\d']],
    ['a quote within a word is ordinary', 'a"b c"d', ['a"b', 'c"d']],
    ['a word ends at its quote without a space', '"a"b', ['a', 'b']],
    ['an open quote goes to the end', '"a b  c', ['a b  c']],
    ['an open quote keeps a backslash at the end', '"a\\', ['a\\']],
    ['empty quotes are an empty word', '"" a ""', ['', 'a', '']],
    ['nothing is no word', ' \t ', []],
    ['a comment sign is ordinary', 'a #b', ['a', '#b']],
  ])('knows that %s', (_, text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  it('gives back any words that were quoted and escaped', () => {
    const quote = (word: string): string => `"${word.replace(/["\\]/g, (character) => `\\${character}`)}"`;
    fc.assert(
      fc.property(fc.array(bytes), fc.constantFrom(' ', '\t', ''), (words, space) => {
        expect(splitWords(words.map(quote).join(space))).toEqual(words);
      }),
    );
  });

  it('comes to an end at any text, and its words are made of the text', () => {
    fc.assert(
      fc.property(bytes, (text) => {
        const { word, next } = readWord(text);
        expect(next).toBeLessThanOrEqual(text.length);
        expect(next === 0).toBe(text.length === 0);
        expect(word.length).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});

describe('nextLine()', () => {
  it('numbers continued lines by their first and last physical line', () => {
    expect(linesOf('a\n b \\\n c\\\nd\ne')).toEqual([
      { text: 'a', first: 1, last: 1 },
      { text: 'b  cd', first: 2, last: 4 },
      { text: 'e', first: 5, last: 5 },
    ]);
  });

  it('takes a backslash before a backslash for no escape', () => {
    expect(linesOf('a\\\\\nb').map(({ text }) => text)).toEqual(['a\\b']);
  });

  it('continues over a carriage return, but not over a space', () => {
    expect(linesOf('a\\\r\nb\r\nc\\ \nd').map(({ text }) => text)).toEqual(['ab', 'c\\', 'd']);
  });

  it('keeps a backslash at the very end, and drops one before a last line feed', () => {
    expect(linesOf('a\\').map(({ text }) => text)).toEqual(['a\\']);
    expect(linesOf('a\\\n')).toEqual([{ text: 'a', first: 1, last: 2 }]);
  });

  it('leaves a line open when the text ends in a continuation, and goes on with it in another text', () => {
    const open = nextLine(readerOf('a \\\n'));
    expect(open).toEqual({ text: 'a ', first: 1, last: 2, isOpen: true });
    expect(nextLine(readerOf(' b \nc'), open?.text)?.text).toBe('a  b');
  });

  it('counts every physical line once, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(bytes), (physical) => {
        const lines = linesOf(physical.map((line) => `${line}\n`).join(''));
        let next = 1;
        for (const { first, last } of lines) {
          expect(first).toBe(next);
          expect(last).toBeGreaterThanOrEqual(first);
          next = last + 1;
        }
      }),
    );
  });

  it('gives back lines that have no backslash, trimmed', () => {
    const plain = bytes.map((line) => line.replaceAll('\\', '/'));
    fc.assert(
      fc.property(fc.array(plain), (physical) => {
        const lines = linesOf(physical.map((line) => `${line}\n`).join(''));
        expect(lines.map(({ text }) => text)).toEqual(physical.map(trimSpace));
      }),
    );
  });
});

describe('lowerAscii()', () => {
  it('leaves letters beyond ASCII alone', () => {
    expect(lowerAscii('ServerName\xc9')).toBe('servername\xc9');
  });
});
