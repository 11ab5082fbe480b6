/** Findings as SARIF 2.1.0 (OASIS), for tools of code review. Texts become UTF-8 here. */
import { createHash } from 'node:crypto';
import { fromBytes } from '../apache/bytes.ts';
import type { Severity } from '../apache/diagnostic.ts';
import type { SourcePosition } from '../apache/directive.ts';
import type { Finding, Rule } from './finding.ts';

export type SarifContext = {
  readonly version: string;
  /** Files below it are named relative to it, as review tools want them. Text, without a final slash. */
  readonly root: string;
};

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };
const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** The document, ready for JSON. */
export function renderSarif(
  rules: readonly Rule[],
  findings: readonly Finding[],
  { version, root }: SarifContext,
): unknown {
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'wsgi-sidecar audit',
            semanticVersion: version,
            rules: rules.map(({ id, title }) => ({
              id,
              shortDescription: { text: title },
              help: { text: `MANUAL.md, "Audit", ${id}` },
            })),
          },
        },
        columnKind: 'unicodeCodePoints',
        originalUriBaseIds: { SRCROOT: { uri: `${fileUri(root)}/` } },
        results: findings.map((finding) => resultOf(rules, finding, root)),
      },
    ],
  };
}

function resultOf(rules: readonly Rule[], finding: Finding, root: string): unknown {
  const { id, severity, position, related, message, why, advice } = finding;
  return {
    ruleId: id,
    ruleIndex: rules.findIndex((rule) => rule.id === id),
    level: LEVELS[severity],
    message: { text: fromBytes(`${message}. ${why}. ${advice}.`) },
    locations: position === undefined ? [] : [locationOf(position, root)],
    relatedLocations: related.map((one, index) => ({
      id: index,
      ...locationOf(one.position, root),
      message: { text: fromBytes(one.message) },
    })),
    partialFingerprints: { 'subject/v1': fingerprint(finding) },
  };
}

/** The same for the same finding, wherever its lines have moved. */
export function fingerprint({ id, subject }: Finding): string {
  return createHash('sha256').update(`${id}\0${subject}`, 'latin1').digest('hex').slice(0, 16);
}

function locationOf({ file, line }: SourcePosition, root: string): Record<string, unknown> {
  const path = fromBytes(file);
  const isBelow = path.startsWith(`${root}/`);
  const artifactLocation = isBelow
    ? { uri: encodePath(path.slice(root.length + 1)), uriBaseId: 'SRCROOT' }
    : { uri: fileUri(path) };
  return { physicalLocation: { artifactLocation, region: { startLine: Math.max(line, 1) } } };
}

function fileUri(path: string): string {
  return `file://${encodePath(path)}`;
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
