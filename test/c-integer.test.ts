import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isWholeInteger, leadingInteger, leadingLong } from '../src/c-integer.ts';

const TEXTS = [
  '15',
  '+5',
  '-5',
  ' \t7',
  '8k',
  '0x10',
  '010',
  '',
  'abc',
  '- 5',
  '2147483647',
  '2147483648',
  '4294967295',
  '4294967296',
  '99999999999',
  '99999999999999999999',
  '-99999999999999999999',
];

/** What the C library of this machine makes of the texts. */
function readBy(name: string, type: string): unknown {
  const program = `import ctypes, json, sys
read = ctypes.CDLL(None).${name}
read.restype = ctypes.${type}
print(json.dumps([read(text.encode()) for text in json.load(sys.stdin)]))`;
  const input = JSON.stringify(TEXTS);
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('leadingInteger()', () => {
  it('reads what atoi(3) of this machine reads', () => {
    expect(TEXTS.map(leadingInteger)).toEqual(readBy('atoi', 'c_int'));
  });
});

describe('leadingLong()', () => {
  it('reads what atoll(3) of this machine reads', () => {
    expect(TEXTS.map(leadingLong)).toEqual(readBy('atoll', 'c_longlong'));
  });
});

describe('isWholeInteger()', () => {
  it('says whether a text is the number and nothing more', () => {
    const isWhole = (text: string): boolean => isWholeInteger(text, leadingInteger(text));
    expect(['15', '+5', ' 7', '-5', '010'].map(isWhole)).toEqual([true, true, true, true, true]);
    expect(['8k', '', 'abc', '4294967296'].map(isWhole)).toEqual([false, false, false, false]);
  });
});
