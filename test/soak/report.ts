/** What a soak has found: a table for people, JSON for programs. */
import type { Result, SoakEvent } from './tally.ts';

const MOST_FAILURES = 20;

export function renderJson(result: Result): string {
  const { failures, events, counts, ...numbers } = result;
  return `${JSON.stringify({ ...numbers, counts, events, failures }, undefined, 2)}\n`;
}

export function renderTable(result: Result): string {
  const { sent, right, explained, lost, wrong, hung, orphans } = result;
  const rows = Object.entries({ sent, right, explained, lost, wrong, hung, orphans });
  const totals = rows.map(([name, count]) => `${name.padEnd(10)}${String(count).padStart(9)}`);
  return [...totals, '', ...renderTimes(result), ...renderProblems(result), ''].join('\n');
}

/** Small requests alone: the others take the time that they are told to take. */
function renderTimes({ p99, counts, events }: Result): readonly string[] {
  const quiet = p99.quiet ?? 0;
  const kinds = Object.keys(p99).sort((one, other) => (p99[one] ?? 0) - (p99[other] ?? 0));
  const head = `${'during'.padEnd(16)}${'times'.padStart(6)}${'requests'.padStart(10)}${'p99 ms'.padStart(8)}  against quiet`;
  const rows = kinds.map((kind) => {
    const times = events.filter((event) => event.kind === kind).length || '';
    const ratio = quiet === 0 || kind === 'quiet' ? '' : `${((p99[kind] ?? 0) / quiet).toFixed(1)} x`;
    return `${kind.padEnd(16)}${String(times).padStart(6)}${String(counts[kind]).padStart(10)}${String(p99[kind]).padStart(8)}  ${ratio}`;
  });
  return [head, ...rows, ''];
}

function renderProblems({ events, failures }: Result): readonly string[] {
  const broken = events.filter(({ problem }) => problem !== undefined).map(renderEvent);
  const bad = failures.filter(({ verdict }) => verdict !== 'explained');
  const told = bad
    .slice(0, MOST_FAILURES)
    .map(({ number, group, kind, what, verdict, during, pid, reason, at }) => {
      const who = pid === undefined ? 'no process' : `process ${pid}`;
      const when = new Date(at).toISOString().slice(11, 23);
      return `${verdict}: ${when} request ${number} (${kind}, ${group}) during ${during}: ${what}; log: ${who}, ${reason ?? 'no reason'}`;
    });
  const more = bad.length > told.length ? [`… and ${bad.length - told.length} more`] : [];
  return [...broken, ...told, ...more];
}

function renderEvent({ kind, detail, problem }: SoakEvent): string {
  return `event: ${kind}${detail === '' ? '' : ` of ${detail}`}: ${problem}`;
}
