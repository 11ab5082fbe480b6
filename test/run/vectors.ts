/**
 * `npm run vectors -- DIR… [--json]`: plays recorded scenarios through reading, meaning and routing, without Apache.
 * A folder is a scenario or holds scenarios. Exit code 1 unless every recorded field of every request agrees.
 */
import { playScenario } from './play-vectors.ts';
import { renderJson, renderText, scenariosOf } from './vectors-report.ts';

function main(words: readonly string[]): number {
  const asJson = words.includes('--json');
  const folders = words.filter((word) => !word.startsWith('--')).flatMap(scenariosOf);
  if (folders.length === 0) {
    process.stderr.write('Cannot play vectors: no folder with scenarios is named: npm run vectors -- DIR…\n');
    return 2;
  }
  const results = folders.map(playScenario);
  process.stdout.write(asJson ? renderJson(results) : results.map(renderText).join(''));
  return results.every(({ total, match }) => total === match) ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
