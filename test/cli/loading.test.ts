/** What a command loads, by V8's own list of scripts: who asks a question from a shell waits for every module. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtProgram } from '../support/build.ts';
import { runProcess } from '../support/real-process.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

type Coverage = { readonly result: readonly { readonly url: string }[] };

async function loadedBy(...words: readonly string[]): Promise<string[]> {
  const folder = makeTemporaryFolder();
  try {
    const environment = { ...process.env, NODE_V8_COVERAGE: folder.path };
    const { code } = await runProcess(process.execPath, [await builtProgram(), ...words], { environment });
    expect(code).toBe(0);
    const [file = ''] = readdirSync(folder.path);
    const { result } = JSON.parse(readFileSync(join(folder.path, file), 'utf8')) as Coverage;
    return result.map(({ url }) => url);
  } finally {
    folder.remove();
  }
}

describe('a command that only reads', () => {
  it.each([['--help'], ['check', '--apache', '/dev/null'], ['groups', '--apache', '/dev/null']])(
    'loads nothing of what serves: %s',
    async (...words) => {
      const loaded = await loadedBy(...words);
      expect(loaded.filter((url) => url.endsWith('/dist/src/cli/check.js'))).toHaveLength(1);
      expect(
        loaded.filter((url) => /node_modules\/(undici|hono|http-proxy|prom-client)\//.test(url)),
      ).toEqual([]);
    },
  );
});
