/** The audit for people and programs: the table of processes and interpreters, then the findings. Text, not byte strings. */
import { fromBytes } from '../apache/bytes.ts';
import type { Severity } from '../apache/diagnostic.ts';
import type { SourcePosition } from '../apache/directive.ts';
import type { Census, Interpreter, Process } from '../audit/census.ts';
import type { Finding } from '../audit/finding.ts';
import { fingerprint } from '../audit/sarif.ts';
import { displayName } from '../routing/group-key.ts';
import { renderColumns, visible } from './columns.ts';

export function renderAudit(census: Census, findings: readonly Finding[]): string {
  const blocks = findings.map(renderFinding);
  return `${renderTable(census)}\n${blocks.map((block) => `${block}\n`).join('')}${renderCounts(findings)}\n`;
}

/** The same as JSON. */
export function viewAudit(census: Census, findings: readonly Finding[]): unknown {
  return {
    layout: census.layout,
    processes: census.processes.map(viewProcess),
    findings: findings.map(viewFinding),
    counts: Object.fromEntries(SEVERITIES.map(([severity]) => [severity, countOf(findings, severity)])),
  };
}

const SEVERITIES: readonly (readonly [Severity, string])[] = [
  ['error', 'error'],
  ['warning', 'warning'],
  ['info', 'note'],
];

function renderTable({ processes }: Census): string {
  const titles = ['PROCESS', 'USER', 'INTERPRETER', 'MOUNTS', 'SCRIPTS'];
  const rows = processes.flatMap((process) =>
    process.interpreters.flatMap((interpreter, index) => rowsOf(process, interpreter, index === 0)),
  );
  return renderColumns([titles, ...rows]);
}

/** As many rows as the interpreter has mounts or scripts; names stand in the first. */
function rowsOf(
  process: Process,
  interpreter: Interpreter,
  isFirst: boolean,
): readonly (readonly string[])[] {
  const mounts = mountsOf(interpreter);
  const scripts = interpreter.scripts.map(fromBytes);
  const head = isFirst ? [processLabel(process), fromBytes(process.user ?? '-')] : ['', ''];
  return Array.from({ length: Math.max(mounts.length, scripts.length, 1) }, (_, row) => [
    ...(row === 0 ? [...head, interpreterLabel(interpreter)] : ['', '', '']),
    mounts[row] ?? '',
    scripts[row] ?? (row === 0 ? '-' : ''),
  ]);
}

function mountsOf({ placements }: Interpreter): readonly string[] {
  return [...new Set(placements.map(({ mount }) => fromBytes(mount.id)))];
}

function processLabel({ processGroup, daemon, multiThreaded }: Process): string {
  if (daemon !== undefined)
    return `${fromBytes(processGroup)} (${daemon.processes ?? 1} × ${daemon.threads})`;
  if (processGroup.startsWith('%{')) return `${fromBytes(processGroup)} (as requests say)`;
  if (processGroup !== '') return `${fromBytes(processGroup)} (not defined)`;
  return `embedded (${multiThreaded ? 'threads' : 'one thread'})`;
}

function interpreterLabel({ applicationGroup, perRequest }: Interpreter): string {
  const name = displayName(fromBytes(applicationGroup));
  return perRequest ? `${name} (one for each name)` : name;
}

function renderFinding({ id, severity, position, related, message, why, advice }: Finding): string {
  const place = position === undefined ? '' : `${placeOf(position)}: `;
  const lines = [
    `${place}${severity}: ${id}: ${fromBytes(message)}`,
    ...related.map((one) => `    ${placeOf(one.position)}: ${fromBytes(one.message)}`),
    `    why: ${fromBytes(why)}`,
    `    do:  ${fromBytes(advice)}`,
  ];
  return lines.map((line) => `${visible(line)}\n`).join('');
}

function placeOf({ file, line }: SourcePosition): string {
  return `${fromBytes(file)}:${line}`;
}

function renderCounts(findings: readonly Finding[]): string {
  return SEVERITIES.map(([severity, word]) => {
    const count = countOf(findings, severity);
    return `${count} ${word}${count === 1 ? '' : 's'}`;
  }).join(', ');
}

function countOf(findings: readonly Finding[], severity: Severity): number {
  return findings.filter((finding) => finding.severity === severity).length;
}

function viewProcess(process: Process): unknown {
  const { processGroup, daemon, multiThreaded, user, interpreters } = process;
  return {
    processGroup: displayName(fromBytes(processGroup)),
    mode: daemon === undefined ? 'embedded' : 'daemon',
    multiThreaded,
    ...(daemon === undefined ? {} : { processes: daemon.processes ?? 1, threads: daemon.threads }),
    ...(user === undefined ? {} : { user: fromBytes(user) }),
    interpreters: interpreters.map((interpreter) => ({
      applicationGroup: displayName(fromBytes(interpreter.applicationGroup)),
      perRequest: interpreter.perRequest,
      mounts: mountsOf(interpreter),
      scripts: interpreter.scripts.map(fromBytes),
    })),
  };
}

function viewFinding(finding: Finding): unknown {
  const { id, severity, position, related, message, why, advice } = finding;
  return {
    id,
    severity,
    ...(position === undefined ? {} : { file: fromBytes(position.file), line: position.line }),
    message: fromBytes(message),
    why: fromBytes(why),
    advice: fromBytes(advice),
    related: related.map((one) => ({
      file: fromBytes(one.position.file),
      line: one.position.line,
      message: fromBytes(one.message),
    })),
    fingerprint: fingerprint(finding),
  };
}
