/**
 * `npm run vectors -- DIR… [--json] [--via-convert]`: plays recorded scenarios through reading, meaning and routing,
 * without Apache; by `--via-convert` from the settings file that `convert` makes of each configuration. A folder is a scenario or holds scenarios. Exit code 1 unless every recorded field of every request agrees.
 */
import { readConvertedSite } from './convert-scenario.ts';
import { playScenario, readScenarioSite } from './play-vectors.ts';
import { renderJson, renderText, scenariosOf } from './vectors-report.ts';

function main(words: readonly string[]): number {
  const asJson = words.includes('--json');
  const folders = words.filter((word) => !word.startsWith('--')).flatMap(scenariosOf);
  if (folders.length === 0) {
    process.stderr.write('Cannot play vectors: no folder with scenarios is named: npm run vectors -- DIR…\n');
    return 2;
  }
  const readSite = words.includes('--via-convert') ? readConvertedSite : readScenarioSite;
  const results = folders.map((folder) => playScenario(folder, readSite));
  process.stdout.write(asJson ? renderJson(results) : results.map(renderText).join(''));
  return results.every(({ total, match }) => total === match) ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
