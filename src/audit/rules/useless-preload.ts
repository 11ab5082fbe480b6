/** Scripts that are imported at the start into an interpreter that serves no request. */

import type { SourcePosition } from '../../apache/directive.ts';
import { hitAlias } from '../../routing/alias-match.ts';
import { displayName } from '../../routing/group-key.ts';
import { expandName } from '../../routing/group-name.ts';
import { type Census, type Process, scriptsOf } from '../census.ts';
import { type Finding, listNames, type Rule } from '../finding.ts';
import { gather } from '../gather.ts';
import type { Placement } from '../placement.ts';

type Preload = {
  readonly script: string;
  readonly processGroup: string;
  readonly applicationGroup: string;
  readonly position: SourcePosition;
  /** The mount whose options preload; undefined for WSGIImportScript. */
  readonly mount: Placement['mount'] | undefined;
};

export const uselessPreload: Rule = {
  id: 'useless-preload',
  title: 'Scripts that are preloaded into an interpreter that no request uses',
  find: (census) => {
    if (census.layout === 'sidecar') return [];
    const placements = census.processes
      .flatMap(({ interpreters }) => interpreters)
      .flatMap((one) => one.placements);
    const byName = new Map<string, Placement[]>();
    for (const placement of placements) {
      if (placement.identity !== undefined) gather(byName, nameKey(placement.identity), placement);
    }
    const imports = census.site.imports.map((one) => ({ ...one, mount: undefined }));
    return [...imports, ...fromAliases(placements)]
      .filter((preload) => byName.get(nameKey(preload))?.some((one) => !isHidden(one)) !== true)
      .filter((preload) => isUseless(census, preload, placements))
      .map((preload) => describe(preload, placements));
  },
};

function nameKey({
  processGroup,
  applicationGroup,
}: Pick<Preload, 'processGroup' | 'applicationGroup'>): string {
  return JSON.stringify([processGroup, applicationGroup]);
}

/** An alias with both literal options preloads its script; the alias itself may be hidden by an earlier one. */
function fromAliases(placements: readonly Placement[]): Preload[] {
  return placements
    .filter(({ preloaded }) => preloaded)
    .flatMap(({ identity, mount, scripts }) => {
      const [script] = scripts;
      return identity === undefined || script === undefined
        ? []
        : [{ ...identity, script, position: mount.position, mount }];
    });
}

function isUseless(census: Census, preload: Preload, placements: readonly Placement[]): boolean {
  if (placements.some((placement) => canRunIn(placement, preload) && !isHidden(placement))) return false;
  const process = census.processes.find(({ processGroup }) => processGroup === preload.processGroup);
  const isMounted = census.processes.some((one) => scriptsOf(one).includes(preload.script));
  return isMounted || !isService(process, preload);
}

/** A script of no mount, alone in its process or for Apache's own hooks, is a service and not a preload. */
function isService(process: Process | undefined, { processGroup, applicationGroup }: Preload): boolean {
  return (
    process === undefined || process.daemon?.threads === 0 || (processGroup === '' && applicationGroup === '')
  );
}

/** Whether requests of a placement can come to the interpreter: by name, under any declared port, or because only they tell. */
function canRunIn(placement: Placement, { processGroup, applicationGroup }: Preload): boolean {
  const { identity, processTemplate, applicationTemplate, host, scriptName } = placement;
  if (identity === undefined) {
    const isOther = !processTemplate.startsWith('%{') && processTemplate !== processGroup;
    const isElsewhere = applicationTemplate === '%{RESOURCE}' && !applicationGroup.includes('|');
    return !isOther && !isElsewhere;
  }
  if (identity.processGroup !== processGroup) return false;
  if (identity.applicationGroup === applicationGroup) return true;
  if (placement.scope.useCanonicalName === 'on') return false;
  const scriptKey = identity.applicationGroup.slice(identity.applicationGroup.indexOf('|') + 1);
  return [...host.declaredPorts].some((port) => {
    const facts = {
      serverName: host.serverName,
      hostname: undefined,
      port,
      scriptKey,
      lookup: () => undefined,
    };
    return scriptName !== undefined && expandName(applicationTemplate, facts) === applicationGroup;
  });
}

function isHidden({ host, mount }: Placement): boolean {
  const index = host.scriptAliases.entries.findIndex((alias) => alias.mount === mount);
  const earlier = host.scriptAliases.entries.slice(0, Math.max(index, 0));
  return (
    mount.kind === 'alias' &&
    [...host.fileAliases.entries, ...earlier].some(
      ({ match }) => hitAlias(match, mount.mountPoint) !== undefined,
    )
  );
}

function describe(preload: Preload, placements: readonly Placement[]): Finding {
  const { script, processGroup, applicationGroup, position, mount } = preload;
  const own = placements.filter(({ scripts }) => scripts.includes(script));
  const names = own.map(({ identity, applicationTemplate }) =>
    displayName(identity === undefined ? applicationTemplate : identity.applicationGroup),
  );
  const used = [...new Set(names)];
  const where =
    mount === undefined
      ? used.length === 0
        ? 'no mount leads to the script'
        : `its requests run in ${listNames(used)}`
      : `"${mount.mountPoint}" is hidden by an alias before it`;
  return {
    id: 'useless-preload',
    severity: 'warning',
    position,
    related: own.slice(0, 5).map((placement) => ({
      position: placement.position,
      message: `"${placement.mount.id}" runs elsewhere`,
    })),
    message: `"${script}" is preloaded into interpreter "${displayName(applicationGroup)}" of process group "${displayName(processGroup)}", which no request uses: ${where}`,
    why: 'The import costs start time and memory in every process, and the first request still waits for an import of its own',
    advice:
      used.length === 1
        ? `Write application-group=${used[0]} there, or "WSGIApplicationGroup ${displayName(applicationGroup)}" for the mount; or take the preload away`
        : 'Name the interpreter in which the requests run, or take the preload away',
    subject: `${processGroup} ${applicationGroup} ${script}`,
  };
}
