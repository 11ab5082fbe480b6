import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { runProcess } from '../support/real-process.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const SUITE = `
import { beforeAll, describe, expect, it } from 'vitest';
it('passes', () => {});
it('counts', () => expect([1, 2]).toEqual([1, 3]));
it('quotes a log', () => { throw new Error('It ended:\\n' + 'a line\\n'.repeat(500) + 'its last words'); });
describe('a block', () => {
  beforeAll(() => { throw new Error('no port is free'); });
  it('comes later', () => {});
});
`;
const LOOSE = `
import { it } from 'vitest';
it('is well', () => new Promise((resolve) => { setTimeout(() => { setImmediate(resolve); throw new Error('nobody catches'); }); }));
`;

describe('WhatFailed', () => {
  it('names tests, blocks and files that failed, and errors outside, with their reasons', async () => {
    const told = await tellOf({
      'test/some.test.js': SUITE,
      'test/none.test.js': 'import "./absent.js";',
      'test/loose.test.js': LOOSE,
    });
    expect(told).toMatch(/^test\/some\.test\.js > counts\n.*expected \[ 1, 2 \] to deeply equal \[ 1, 3 \]/m);
    expect(told).toMatch(/counts\n.*\n +at test\/some\.test\.js:4:\d+\n +- +3,\n +\+ +2,$/m);
    expect(told).toMatch(
      /^test\/some\.test\.js > quotes a log\n +It ended:\n(?: +a line\n){3} +its last words$/m,
    );
    expect(told).toMatch(/^test\/some\.test\.js > a block\n +no port is free$/m);
    expect(told).toMatch(/^test\/none\.test\.js\n.*absent\.js/m);
    expect(told).toMatch(/^outside every test\n +nobody catches$/m);
    expect(told).not.toContain('passes');
  });

  it('stays short where much fails, and says how much it leaves out', async () => {
    const failing = `it('fails for the ' + i, () => { throw new Error('a long line '.repeat(99)); })`;
    const suite = `import { expect, it } from 'vitest'; for (let i = 0; i < 100; i += 1) ${failing};`;
    const told = await tellOf({ 'test/all.test.js': suite });
    expect(told.length).toBeLessThan(2_600);
    expect(told).toMatch(/^and 88 more$/m);
  });
});

/** What the reporter says of a run of these files. */
async function tellOf(files: Readonly<Record<string, string>>): Promise<string> {
  const root = packageRoot();
  const folder = makeTemporaryFolder();
  onTestFinished(folder.remove);
  symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  for (const [name, text] of Object.entries(files)) folder.write(name, text);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const words = ['run', '--root', folder.path, `--reporter=${join(import.meta.dirname, 'what-failed.ts')}`];
  return (await runProcess(process.execPath, [vitest, ...words], { cwd: folder.path })).stdout;
}
