/** The merge of access rules (mod_authz_core `merge_authz_core_dir_config()`; mod_access_compat's are replaced whole). */
import type { AccessRules, RequirementEntry } from './access.ts';

/** What counts where both are in force and `over` is the nearer one. */
export function mergeAccess(base: AccessRules, over: AccessRules): AccessRules {
  const merged: { -readonly [K in keyof AccessRules]: AccessRules[K] } = { ...base, ...over };
  const requirement = mergeRequirement(base, over);
  if (requirement === undefined) delete merged.requirement;
  else merged.requirement = requirement;
  if (base.front !== undefined && over.front !== undefined)
    merged.front = new Map([...base.front, ...over.front]);
  return merged;
}

function mergeRequirement(base: AccessRules, over: AccessRules): RequirementEntry | undefined {
  const operator = over.merging;
  if (operator === undefined && over.requirement === undefined) return base.requirement;
  if (operator === undefined || operator === 'off') return over.requirement;
  if (base.requirement === undefined || over.requirement === undefined)
    return over.requirement ?? base.requirement;
  const children = [base.requirement, over.requirement];
  const rule = over.requirement.requirement.rule;
  return { requirement: { kind: 'group', operator, children, rule }, negated: false, methods: undefined };
}
