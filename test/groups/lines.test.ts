import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { readLines } from '../../src/groups/lines.ts';
import { fc, runs } from '../support/property.ts';

async function linesOf(chunks: readonly Buffer[], longest?: number): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line), longest);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await finished(stream);
  return lines;
}

describe('readLines()', () => {
  it('does not depend on how the bytes come', async () => {
    const text = fc
      .array(fc.string({ unit: 'binary' }).map((line) => line.replaceAll('\n', '')))
      .map((lines) => lines.join('\n'));
    const run = fc.asyncProperty(
      text,
      fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 8 }),
      async (whole, cuts) => {
        const bytes = Buffer.from(whole);
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(bytes.subarray(at));
        const expected = bytes.toString().split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(await linesOf(chunks)).toEqual(expected);
      },
    );
    await fc.assert(run, runs(50));
  });

  it('tells long lines in pieces, before their end has come', async () => {
    expect(await linesOf([Buffer.from('aaabbbcc\nd')], 3)).toEqual(['aaa', 'bbb', 'cc', 'd']);
    const stream = new PassThrough();
    const lines: string[] = [];
    readLines(stream, (line) => lines.push(line), 3);
    stream.write('aaabb');
    await expect.poll(() => lines).toEqual(['aaa']);
    stream.end();
  });
});
