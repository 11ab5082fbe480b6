import { describe, expect, it } from 'vitest';
import { parseOutputLine } from '../../src/groups/output-line.ts';

describe('parseOutputLine()', () => {
  it.each([
    ['a line of a request', '\u001eab-1f text  here', { text: 'text  here', requestId: 'ab-1f' }],
    ['an empty line of a request', '\u001eab-1f ', { text: '', requestId: 'ab-1f' }],
    ['a line of nobody', 'text here', { text: 'text here' }],
    ['a mark without an id', '\u001e text', { text: '\u001e text' }],
    ['a mark without an end', '\u001eab-1f', { text: '\u001eab-1f' }],
    ['a mark in the middle', 'x\u001eab-1f text', { text: 'x\u001eab-1f text' }],
    ['an id that is none', '\u001e\u0007 text', { text: '\u001e\u0007 text' }],
  ])('reads %s', (_what, line, expected) => {
    expect(parseOutputLine(line)).toEqual(expected);
  });
});
