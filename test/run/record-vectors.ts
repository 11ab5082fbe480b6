/**
 * `npm run vectors:record -- DIR… (--check | --write | --out DIR)`: records scenarios anew from this machine's Apache with mod_wsgi.
 * A folder is a scenario or holds scenarios; of `requests.jsonl` only what is sent is needed. `--check` compares with what is recorded
 * and ends with 1 on a difference, `--write` records in place, `--out` into other folders of the same names.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readRequests } from './play-vectors.ts';
import { type Recorded, recordScenario } from './record-vectors-scenario.ts';
import { scenariosOf } from './vectors-report.ts';

async function main(words: readonly string[]): Promise<number> {
  const out = words.includes('--out') ? words[words.indexOf('--out') + 1] : undefined;
  const folders = words.filter((word) => !word.startsWith('--') && word !== out).flatMap(scenariosOf);
  const modes = ['--check', '--write', '--out'].filter((mode) => words.includes(mode));
  if (folders.length === 0 || modes.length !== 1 || (modes[0] === '--out' && out === undefined)) {
    process.stderr.write('Cannot record: wanted folders and one of --check, --write and --out DIR\n');
    return 2;
  }
  let differing = 0;
  for (const folder of folders) {
    const records = await recordScenario(folder);
    const lines = differencesOf(folder, records);
    differing += lines.length;
    process.stdout.write(
      `${basename(folder)}: ${records.length} recorded, ${lines.length} fields differ\n${lines.join('')}`,
    );
    if (modes[0] !== '--check')
      write(folder, out === undefined ? folder : join(out, basename(folder)), records);
  }
  return modes[0] === '--check' && differing > 0 ? 1 : 0;
}

/** Fields that depend on more than the configuration. */
const passing: ReadonlySet<string> = new Set(['errorLog', 'extra']);

function differencesOf(folder: string, records: readonly Recorded[]): string[] {
  const before = readRequests(folder) as readonly Recorded[];
  return records.flatMap((record, at) => {
    const known = before[at] ?? {};
    const fields = [...new Set([...Object.keys(known), ...Object.keys(record)])].filter(
      (name) => !passing.has(name),
    );
    return fields
      .filter((field) => JSON.stringify(known[field] ?? null) !== JSON.stringify(record[field] ?? null))
      .map(
        (field) =>
          `  ${record.id} ${field}: was ${JSON.stringify(known[field])}, is ${JSON.stringify(record[field])}\n`,
      );
  });
}

function write(from: string, to: string, records: readonly Recorded[]): void {
  if (from !== to) {
    mkdirSync(to, { recursive: true });
    cpSync(from, to, { recursive: true });
  }
  writeFileSync(join(to, 'requests.jsonl'), records.map((record) => `${toAscii(record)}\n`).join(''));
  const place = join(to, 'meta.json');
  const meta = JSON.parse(readFileSync(join(from, 'meta.json'), 'utf8')) as Record<string, unknown>;
  const count = (...kinds: readonly unknown[]): number =>
    records.filter(({ handledBy }) => kinds.includes(handledBy)).length;
  const counts = {
    count: records.length,
    wsgi: count('wsgi'),
    static: count('static', 'core'),
    error: count('error'),
    distinctGroups: new Set(
      records.filter(({ handledBy }) => handledBy === 'wsgi').map((record) => record.applicationGroup),
    ).size,
  };
  writeFileSync(place, `${JSON.stringify({ ...meta, ...counts }, undefined, 1)}\n`);
}

/** One line of ASCII, with a blank behind each colon and comma. */
function toAscii(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toAscii).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${toAscii(name)}: ${toAscii(member)}`).join(', ')}}`;
  }
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

process.exitCode = await main(process.argv.slice(2));
