/**
 * `npm run vectors -- DIR… [--json]`: plays recorded scenarios through reading, meaning and routing, without Apache.
 * A folder is a scenario or holds scenarios. Exit code 1 unless every recorded field of every request agrees.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { playScenario, type ScenarioResult } from './play-vectors.ts';

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

function scenariosOf(folder: string): string[] {
  if (existsSync(join(folder, 'requests.jsonl'))) return [folder];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'requests.jsonl')));
}

function renderText({ name, total, match, mismatches }: ScenarioResult): string {
  const lines = mismatches.map(
    ({ id, field, recorded, computed, note }) =>
      `  ${id} ${field}: recorded ${JSON.stringify(recorded)}, computed ${JSON.stringify(computed)}${note === '' ? '' : ` (${note})`}\n`,
  );
  return `${name}: ${match} of ${total} agree\n${lines.join('')}`;
}

function renderJson(results: readonly ScenarioResult[]): string {
  const sum = (key: 'total' | 'match'): number => results.reduce((before, result) => before + result[key], 0);
  const mismatches = results.flatMap((result) => result.mismatches);
  return `${JSON.stringify({ total: sum('total'), match: sum('match'), mismatches }, undefined, 1)}\n`;
}

process.exitCode = main(process.argv.slice(2));
