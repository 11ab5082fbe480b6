import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isWholeInteger, leadingInteger } from '../src/c-integer.ts';

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

describe('leadingInteger()', () => {
  it('reads what atoi(3) of this machine reads', () => {
    const program =
      'import ctypes, json, sys\nprint(json.dumps([ctypes.CDLL(None).atoi(text.encode()) for text in json.load(sys.stdin)]))';
    const { stdout, stderr } = spawnSync('python3', ['-c', program], {
      input: JSON.stringify(TEXTS),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(TEXTS.map(leadingInteger)).toEqual(JSON.parse(stdout));
  });
});

describe('isWholeInteger()', () => {
  it('says whether a text is the number and nothing more', () => {
    const isWhole = (text: string): boolean => isWholeInteger(text, leadingInteger(text));
    expect(['15', '+5', ' 7', '-5', '010'].map(isWhole)).toEqual([true, true, true, true, true]);
    expect(['8k', '', 'abc', '4294967296'].map(isWhole)).toEqual([false, false, false, false]);
  });
});
