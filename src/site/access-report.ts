/** Mounts whose door only Apache can keep (DESIGN: "Access control"), found without a request. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { AccessRules, Requirement, RequirementEntry } from './access.ts';
import { mergeRemembered } from './merge-cache.ts';
import type { Mount, Site, VirtualHost } from './model.ts';
import { walkDirectories, walkFiles, walkLocations } from './walk.ts';

/** One finding per mount and rule: the mount is not served unless a front is declared. */
export function accessDiagnostics(site: Site): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  for (const host of [...site.virtualHosts, site.main]) {
    for (const { mount } of host.scriptAliases.entries) {
      for (const rule of mountRules(host, mount)) {
        const key = `${mount.id} ${rule.position?.file}:${rule.position?.line}`;
        if (seen.has(key)) continue;
        seen.add(key);
        diagnostics.push({ ...rule, message: `Mount "${mount.id}": ${lowerFirst(rule.message)}` });
      }
    }
  }
  return diagnostics;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The rules at a mount that are not enforced here. Patterns are taken at their text, so this can miss; a request does not. */
function mountRules(host: VirtualHost, mount: Mount): readonly Diagnostic[] {
  const folder = mount.target.slice(0, mount.target.lastIndexOf('/') + 1);
  let scope = mergeRemembered(
    host.merges,
    host.defaults,
    walkDirectories(host, `${mount.target}/`.startsWith(folder) ? folder : '/', mount.target),
  );
  scope = mergeRemembered(host.merges, scope, walkFiles(host, scope, mount.target));
  scope = mergeRemembered(host.merges, scope, walkLocations(host, mount.mountPoint));
  return scope.access === undefined ? [] : frontRules(scope.access);
}

/** The rules of a place that only a front can enforce. */
export function frontRules(access: AccessRules): readonly Diagnostic[] {
  const rules = [...(access.front?.values() ?? [])];
  if (access.requirement !== undefined) rules.push(...requirementRules(access.requirement));
  for (const { rule, from } of [...(access.hosts?.allow ?? []), ...(access.hosts?.deny ?? [])]) {
    if (from.kind === 'front') rules.push(rule);
  }
  return rules;
}

function requirementRules({ requirement }: RequirementEntry): readonly Diagnostic[] {
  if (requirement.kind === 'group') return requirement.children.flatMap(requirementRules);
  return isFront(requirement) ? [requirement.rule] : [];
}

function isFront(requirement: Requirement): boolean {
  return requirement.kind === 'front';
}
