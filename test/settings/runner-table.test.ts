import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RUNNER_TABLE, type RunnerFacts } from '../../src/groups/runners/traits.ts';
import { packageRoot } from '../../src/package-root.ts';

const manual = readFileSync(join(packageRoot(), 'MANUAL.md'), 'utf8');

const yes = (value: boolean): string => (value ? 'yes' : 'no');

/** The rows of the manual's table, each from the facts of one runner. */
const ROWS: Readonly<Record<string, (facts: RunnerFacts) => string>> = {
  'takes (Debian)': ({ needs }) => needs,
  'listens on': ({ listens }) => listens,
  'threads of a process': ({ mostThreads }) =>
    mostThreads === undefined ? '`threads`' : String(mostThreads),
  'runs the scripts: environ, imports, deploy by touch': ({ runsScripts }) => yes(runsScripts),
  'processes as the user, replaced without loss, ended with the sidecar': ({ hasProcesses }) =>
    yes(hasProcesses),
  'one connection for many requests': ({ keepsConnections }) => yes(keepsConnections),
  '100 Continue': ({ asksForBody }) => (asksForBody ? 'when the body is read' : 'with a process'),
  'takes WebSocket handshakes': ({ upgrades }) => yes(upgrades),
  'application called before the body is there': ({ streamsBodies, runsScripts }) =>
    runsScripts ? yes(streamsBodies) : 'as it likes',
  'answers of unknown length end by': ({ endsAnswers }) => endsAnswers,
  'requests under way at TERM, after the drain': ({ onTerm }) => onTerm,
  'stacks in the log when late': ({ dumpsStacks }) => yes(dumpsStacks),
};

const kinds = Object.keys(RUNNER_TABLE) as (keyof typeof RUNNER_TABLE)[];

it('the table of runners in the manual is that of the code', () => {
  const head = `| | ${kinds.map((kind) => `\`${kind}\``).join(' | ')} |`;
  const rows = Object.entries(ROWS).map(
    ([title, cell]) => `| ${title} | ${kinds.map((kind) => cell(RUNNER_TABLE[kind])).join(' | ')} |`,
  );
  expect(manual).toContain([head, `|---|${'---|'.repeat(kinds.length)}`, ...rows].join('\n'));
});

it.each(kinds)('the manual names the options that %s loses', (kind) => {
  const [, item = ''] = manual.split(`\n- \`${kind}\`: `);
  const [lost = ''] = item.split(/\n(?! )/);
  for (const option of RUNNER_TABLE[kind].loses) expect(lost).toContain(option);
});
