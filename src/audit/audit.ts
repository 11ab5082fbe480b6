/** The audit: every rule asked of a census, the gravest findings first. */
import type { Severity } from '../apache/diagnostic.ts';
import type { Census } from './census.ts';
import type { Finding, Rule } from './finding.ts';
import { accessControlLost } from './rules/access-control-lost.ts';
import { analysisIncomplete } from './rules/analysis-incomplete.ts';
import { borrowedModule } from './rules/borrowed-module.ts';
import { caseFold } from './rules/case-fold.ts';
import { environClash } from './rules/environ-clash.ts';
import { globalLeak } from './rules/global-leak.ts';
import { groupNotComputed } from './rules/group-not-computed.ts';
import { importSideEffect } from './rules/import-side-effect.ts';
import { interpreterUnusable } from './rules/interpreter-unusable.ts';
import { mintableGroup } from './rules/mintable-group.ts';
import { moduleClash } from './rules/module-clash.ts';
import { scriptBroken } from './rules/script-broken.ts';
import { subinterpreterHostile } from './rules/subinterpreter-hostile.ts';
import { unreadable } from './rules/unreadable.ts';
import { uselessPreload } from './rules/useless-preload.ts';

/** In the order in which findings of one severity are shown. */
export const RULES: readonly Rule[] = [
  moduleClash,
  environClash,
  globalLeak,
  subinterpreterHostile,
  borrowedModule,
  importSideEffect,
  uselessPreload,
  caseFold,
  mintableGroup,
  accessControlLost,
  unreadable,
  scriptBroken,
  interpreterUnusable,
  groupNotComputed,
  analysisIncomplete,
];

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** All findings. */
export function auditCensus(census: Census): readonly Finding[] {
  const findings = RULES.flatMap((rule) => rule.find(census));
  return findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

/** Whether a finding is as grave as `limit` or graver. */
export function reaches(severity: Severity, limit: Severity): boolean {
  return ORDER.indexOf(severity) <= ORDER.indexOf(limit);
}
