import type { FileReader } from '../apache/file-reader.ts';
import { declaredIdentity, reachableHosts, scopeOfMount } from '../routing/declared-groups.ts';
import { canonicalFilename } from '../routing/path.ts';
import type { ScriptAlias } from '../site/alias.ts';
import type { Site, VirtualHost } from '../site/model.ts';
import { callableOf } from './callable.ts';
import { handlerPlacements } from './handlers.ts';
import type { Placement } from './placement.ts';
import { expandAlias, scriptsOfPattern } from './scripts.ts';

/** Every placement, in the order of the configuration. */
export function placeMounts(site: Site, reader: FileReader): readonly Placement[] {
  return reachableHosts(site).flatMap((host) => [
    ...host.scriptAliases.entries.flatMap((alias) => placeAlias(site, host, alias, reader)),
    ...handlerPlacements(host, reader),
  ]);
}

function placeAlias(site: Site, host: VirtualHost, alias: ScriptAlias, reader: FileReader): Placement[] {
  return expandAlias(alias, reader).map((one) => {
    const isFixed = one.match.kind === 'path';
    const target = canonicalFilename(one.target).replace(/(.)\/$/, '$1');
    const facts = factsOf(host, one);
    // A pattern, like a folder, has a group for each URL; a folder's files were taken apart above.
    const whole = isFixed ? { ...one, target } : one;
    const identity = declaredIdentity(site, host, whole);
    return {
      host,
      mount: alias.mount,
      ...(isFixed ? { scriptName: scriptNameOf(one.mount.mountPoint) } : {}),
      scripts: isFixed ? [target] : scriptsOfPattern(one.target, reader),
      ...callableOf(facts.scope, one.callableObject ?? facts.scope.callableObject?.value),
      ...facts,
      ...(identity === undefined ? { reason: reasonOf(site, facts) } : { identity }),
      preloaded: isLiteral(alias.processGroup?.value) && isLiteral(alias.applicationGroup?.value),
    };
  });
}

/** As mod_wsgi's names have it; Apache does not merge slashes in the argument of an alias. */
function scriptNameOf(mountPoint: string): string {
  return mountPoint.replace(/\/{2,}/g, '/').replace(/^\/$/, '');
}

function isLiteral(value: string | undefined): boolean {
  return value !== undefined && !value.startsWith('%{');
}

type Facts = Pick<Placement, 'processTemplate' | 'applicationTemplate' | 'position' | 'scope'>;

function factsOf(host: VirtualHost, alias: ScriptAlias): Facts {
  const scope = { ...host.serverScope, ...scopeOfMount(host, alias) };
  const application = alias.applicationGroup ?? scope.applicationGroup;
  return {
    processTemplate: (alias.processGroup ?? scope.processGroup)?.value ?? '',
    applicationTemplate: application?.value ?? '%{RESOURCE}',
    position: application?.position ?? alias.mount.position,
    scope,
  };
}

function reasonOf(site: Site, facts: Facts): NonNullable<Placement['reason']> {
  const { scope, processTemplate, applicationTemplate } = facts;
  if (scope.dispatchScript !== undefined) return 'dispatch';
  if ([processTemplate, applicationTemplate].some((name) => name.startsWith('%{ENV:'))) return 'variable';
  const isKnown = processTemplate.startsWith('%{') || site.processGroups.has(processTemplate);
  return processTemplate !== '' && !isKnown ? 'process-group' : 'url';
}
