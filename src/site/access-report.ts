/** Mounts, and places within virtual hosts that have mounts, whose door only Apache can keep (DESIGN: "Access control"), found without a request. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { AccessRules, Requirement, RequirementEntry } from './access.ts';
import { mergeRemembered } from './merge-cache.ts';
import type { Mount, Site, VirtualHost } from './model.ts';
import type { Scope } from './scope.ts';
import { walkDirectories, walkFiles, walkLocations } from './walk.ts';

/** What is not served unless a front is declared: one finding per mount and rule, then one per rule that is for a part of them. */
export function accessDiagnostics(site: Site): Diagnostic[] {
  const found = mountDiagnostics(site);
  return [...found, ...placeDiagnostics(site, new Set(found.map(placeOf)))];
}

function placeOf({ position }: Diagnostic): string {
  return `${position?.file}:${position?.line}`;
}

function mountDiagnostics(site: Site): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  for (const host of [...site.virtualHosts, site.main]) {
    for (const { mount } of host.scriptAliases.entries) {
      for (const rule of mountRules(host, mount)) {
        const key = `${mount.id} ${placeOf(rule)}`;
        if (seen.has(key)) continue;
        seen.add(key);
        diagnostics.push({ ...rule, message: `Mount "${mount.id}": ${lowerFirst(rule.message)}` });
      }
    }
  }
  return diagnostics;
}

/** Rules of sections that no mount as a whole is under: which requests they are for, only a request can tell. */
function placeDiagnostics(site: Site, seen: Set<string>): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const host of [...site.virtualHosts, site.main]) {
    if (!site.mounts.some(({ virtualHost }) => virtualHost === host.id)) continue;
    for (const { title, scope } of placesOf(host)) {
      for (const rule of scope.access === undefined ? [] : frontRules(scope.access)) {
        if (seen.has(placeOf(rule))) continue;
        seen.add(placeOf(rule));
        const message = `In ${title} ${lowerFirst(rule.message)}`;
        diagnostics.push({ ...rule, severity: 'warning', id: 'place-access-control', message });
      }
    }
  }
  return diagnostics;
}

type Place = { readonly title: string; readonly scope: Scope };

function placesOf(host: VirtualHost): readonly Place[] {
  const { directories, directoryPatterns, locations, defaults } = host;
  const places: Place[] = [...directories.sections, ...directoryPatterns, ...locations.sections];
  places.push({ title: `virtual host "${host.id}"`, scope: defaults });
  return places.flatMap((place) => [place, ...placesWithin(place.scope)]);
}

function placesWithin({ files = [], conditions = [] }: Scope): readonly Place[] {
  return [...files, ...conditions].flatMap((place) => [place, ...placesWithin(place.scope)]);
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
