/** Names of processes and interpreters for people. Byte strings. */
import { displayName } from '../routing/group-key.ts';
import type { Interpreter, Process } from './census.ts';

export function processName({ processGroup, daemon }: Process): string {
  if (daemon !== undefined) return `process group "${processGroup}"`;
  return processGroup === '' ? "Apache's children" : `the process groups of "${processGroup}"`;
}

export function interpreterName({ applicationGroup, perRequest, placements }: Interpreter): string {
  if (perRequest) return `the interpreters of "${mountsOf(placements)}"`;
  return applicationGroup === '' ? 'the main interpreter' : `interpreter "${applicationGroup}"`;
}

/** Whether requests of an interpreter run in Python's main one. */
export function isMain({ applicationGroup, perRequest }: Interpreter): boolean {
  return !perRequest && displayName(applicationGroup) === '%{GLOBAL}';
}

function mountsOf(placements: Interpreter['placements']): string {
  return [...new Set(placements.map(({ mount }) => mount.id))].join(' ');
}
