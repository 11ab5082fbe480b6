/**
 * `npm run vectors:serve -- DIR… [--json] [--via-convert]`: plays recorded scenarios through a running sidecar with its real
 * processes and sockets; by `--via-convert` it runs on what `convert` makes of each configuration. A folder is a scenario or holds scenarios. Exit code 1 unless every recorded field of every request agrees.
 */
import type { ScenarioResult } from './play-vectors.ts';
import { serveScenario } from './serve-vectors-scenario.ts';
import { renderJson, renderText, scenariosOf } from './vectors-report.ts';

async function main(words: readonly string[]): Promise<number> {
  const asJson = words.includes('--json');
  const folders = words.filter((word) => !word.startsWith('--')).flatMap(scenariosOf);
  if (folders.length === 0) {
    process.stderr.write(
      'Cannot serve vectors: no folder with scenarios is named: npm run vectors:serve -- DIR…\n',
    );
    return 2;
  }
  const results: ScenarioResult[] = [];
  for (const folder of folders) {
    const result = await serveScenario(folder, words.includes('--via-convert'));
    results.push(result);
    if (!asJson) process.stdout.write(renderText(result));
  }
  if (asJson) process.stdout.write(renderJson(results));
  return results.every(({ total, match }) => total === match) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
