/** Joins the settings and the site into the plans of groups: the one place that knows both. */
import { fromBytes } from '../apache/bytes.ts';
import { inheritedFrom, type ParentEnvironment } from '../groups/environment.ts';
import type { GroupSettings as PlanSettings } from '../groups/group-settings.ts';
import { type GroupPlan, groupId } from '../groups/plan.ts';
import { planGroup } from '../groups/plan-group.ts';
import { displayName, type GroupIdentity, groupKey } from '../routing/group-key.ts';
import {
  BYTE_KEYS,
  type ByteKey,
  DURATION_KEYS,
  type DurationKey,
  type GroupSettings,
  RUNNER_KEYS,
} from '../settings/group-settings.ts';
import type { Settings } from '../settings/load.ts';
import type { Site } from '../site/model.ts';

/** What of the settings groups are made from. */
export type PlannerSettings = Pick<Settings, 'groups' | 'python' | 'modWsgiVersion' | 'drainTimeout'>;

export type PlannerContext = {
  /** Whether the sidecar is root. */
  readonly root: boolean;
};

/**
 * An interpreter inside Apache neither coerces the C locale (PEP 538) nor turns UTF-8 mode on in it (PEP 540), and Debian
 * starts Apache with LANG=C: applications must find the encodings that they had. What they print was UTF-8 all the same.
 */
const AS_INSIDE_APACHE = {
  PYTHONCOERCECLOCALE: '0',
  PYTHONUTF8: '0',
  PYTHONIOENCODING: 'utf-8:backslashreplace',
};

/** The last release of each line of mod_wsgi whose naming rules can be asked for. */
const VERSIONS: Readonly<Record<Settings['modWsgiVersion'], readonly [number, number, number]>> = {
  '4.9': [4, 9, 4],
  '5': [5, 0, 2],
  '6': [6, 0, 5],
};

/** The key under `groups:` that holds for every group. */
const DEFAULTS = 'defaults';

/** A function from a group's identity to its plan under a site. */
export function createPlanner(
  settings: PlannerSettings,
  { root }: PlannerContext,
): (site: Site, identity: GroupIdentity) => GroupPlan {
  const { environment, ...common } = planSettings(settings.groups[DEFAULTS] ?? {});
  const defaults = {
    python: settings.python,
    drainTimeoutMs: settings.drainTimeout,
    ...common,
    environment: { ...AS_INSIDE_APACHE, ...environment },
  };
  const environments = new WeakMap<Site, ParentEnvironment>();
  const environmentOf = (site: Site): ParentEnvironment => {
    const known = environments.get(site) ?? inheritedFrom(apacheEnvironment(site));
    environments.set(site, known);
    return known;
  };
  return (site, identity) => {
    const { python, processes } = site;
    const plan = planGroup(identity, {
      processGroup: site.processGroups.get(identity.processGroup),
      apache: {
        ...processes,
        pythonPath: python.pythonPath,
        pythonHome: python.pythonHome,
        pythonEggs: python.eggs,
        pythonOptions: python,
      },
      defaults,
      overrides: {
        ...planSettings(settingsFor(settings.groups, identity)),
        ...(identity.part?.kind === 'dispatch' ? { runner: 'builtin' as const } : {}),
      },
      imports: importsOf(site, identity),
      modWsgiVersion: VERSIONS[settings.modWsgiVersion],
      root,
      parentEnvironment: environmentOf(site),
    });
    return identity.part?.kind === 'dispatch' ? { ...plan, ...dispatchPlan(identity.part.script) } : plan;
  };
}

/** What a helper of `groupsFrom: dispatch` runs; it is as Apache's own processes are in all else. */
function dispatchPlan(script: string): Pick<GroupPlan, 'dispatchScript' | 'imports' | 'displayName'> {
  const imports = [{ script, callableObject: '' }];
  return { dispatchScript: script, imports, displayName: '(wsgi:dispatch)' };
}

/** What Apache ran with: the sidecar's own environment, and Debian's `envvars` on top. */
function apacheEnvironment(site: Site): Record<string, string> {
  const entries = Object.entries(site.options.environment);
  return Object.fromEntries(entries.map(([name, value]) => [fromBytes(name), fromBytes(value)]));
}

/** A group's own settings: by process group, then application group, then id, the later ones stronger; a helper has but its id. */
export function settingsFor(groups: Settings['groups'], identity: GroupIdentity): GroupSettings {
  const { processGroup, applicationGroup, part } = identity;
  const own = part?.kind === 'dispatch' ? [] : [processGroup, applicationGroup];
  const names = own.map((bytes) => displayName(fromBytes(bytes)));
  const keys = [...names, groupId(groupKey(identity))].filter((key) => key !== DEFAULTS);
  return keys.reduce<GroupSettings>((weaker, key) => override(weaker, groups[key] ?? {}), {});
}

/** Of the settings that say what serves a group, the stronger one takes away the others. */
function override(weaker: GroupSettings, stronger: GroupSettings): GroupSettings {
  const namesRunner = RUNNER_KEYS.some((key) => key in stronger);
  const kept = Object.entries(weaker).filter(
    ([key]) => !namesRunner || !(RUNNER_KEYS as readonly string[]).includes(key),
  );
  return { ...Object.fromEntries(kept), ...stronger };
}

function importsOf(site: Site, identity: GroupIdentity): GroupPlan['imports'] {
  const { processGroup, applicationGroup, part } = identity;
  return site.imports
    .filter((wanted) => wanted.processGroup === processGroup && wanted.applicationGroup === applicationGroup)
    .filter(({ script }) => part?.kind !== 'script' || part.script === script)
    .map(({ script, callableObject }) => ({ script, callableObject }));
}

type PlanKey<K> = K extends DurationKey ? `${K}Ms` : K extends ByteKey ? `${K}Bytes` : K;

/** Settings under the names that `groups/` uses, which carry their unit. */
type WithUnits = { readonly [K in keyof GroupSettings as PlanKey<K>]: GroupSettings[K] };

const UNITS: ReadonlyMap<string, string> = new Map([
  ...DURATION_KEYS.map((key) => [key, 'Ms'] as const),
  ...BYTE_KEYS.map((key) => [key, 'Bytes'] as const),
]);

function planSettings(settings: GroupSettings): PlanSettings {
  const entries = Object.entries(settings).map(([key, value]) => [`${key}${UNITS.get(key) ?? ''}`, value]);
  const named: WithUnits = Object.fromEntries(entries);
  return named;
}
