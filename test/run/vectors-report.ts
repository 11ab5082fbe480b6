/** What the commands on recorded scenarios share: which folders are meant, and how the outcome is told. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ScenarioResult } from './play-vectors.ts';

/** The scenarios that a folder named on the command line means: itself, or those in it. */
export function scenariosOf(folder: string): string[] {
  if (existsSync(join(folder, 'requests.jsonl'))) return [folder];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'requests.jsonl')));
}

/** A scenario's outcome: a line, and a line for each field that differs. */
export function renderText({ name, total, match, mismatches }: ScenarioResult): string {
  const lines = mismatches.map(
    ({ id, field, recorded, computed, note }) =>
      `  ${id} ${field}: recorded ${JSON.stringify(recorded)}, computed ${JSON.stringify(computed)}${note === '' ? '' : ` (${note})`}\n`,
  );
  return `${name}: ${match} of ${total} agree\n${lines.join('')}`;
}

/** The outcome of all scenarios for programs: `{total, match, mismatches[]}`. */
export function renderJson(results: readonly ScenarioResult[]): string {
  const sum = (key: 'total' | 'match'): number => results.reduce((before, result) => before + result[key], 0);
  const mismatches = results.flatMap((result) => result.mismatches);
  return `${JSON.stringify({ total: sum('total'), match: sum('match'), mismatches }, undefined, 1)}\n`;
}
