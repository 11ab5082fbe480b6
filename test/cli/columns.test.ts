import { describe, expect, it } from 'vitest';
import { renderColumns, visible } from '../../src/cli/columns.ts';

describe('renderColumns()', () => {
  it('makes columns as wide as their widest cell and ends no line in blanks', () => {
    const text = renderColumns([
      ['GROUP', 'PIDS'],
      ['www.example.com', '1'],
      ['a', ''],
    ]);
    expect(text).toBe('GROUP            PIDS\nwww.example.com  1\na\n');
  });

  it('shows control characters instead of sending them to the terminal', () => {
    expect(visible('a\u001b[31mb\n')).toBe('a\\x1b[31mb\\x0a');
  });
});
