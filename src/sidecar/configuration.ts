/** What is in force as one value: the settings, the site and what is made of both. Read at the start and at every reload. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { toBytes } from '../apache/bytes.ts';
import type { Diagnostic } from '../apache/diagnostic.ts';
import { nodeFileReader } from '../apache/node-file-reader.ts';
import { SidecarError } from '../errors.ts';
import type { GroupPlan } from '../groups/plan.ts';
import { type DeclaredGroup, declaredGroups } from '../routing/declared-groups.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import type { Settings } from '../settings/load.ts';
import type { Site } from '../site/model.ts';
import type { Reading } from '../supervisor/reload.ts';
import { readSite, refuseFatal } from './load-site.ts';
import { createPlanner } from './planner.ts';
import { type ReadPlaces, recordReads } from './recorded-reads.ts';

export type InForce = {
  readonly settings: Settings;
  readonly site: Site;
  readonly diagnostics: readonly Diagnostic[];
  readonly declared: readonly DeclaredGroup[];
  readonly planOf: (site: Site, identity: GroupIdentity) => GroupPlan;
  /** Settings that say something else than at the start, which holds until the next one. */
  readonly waiting: readonly string[];
};

export type ConfigurationSource = {
  /** Throws a SidecarError for settings that cannot be used. */
  readonly readSettings: () => Settings;
  /** The file that they come from, if any. */
  readonly settingsFile?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** A reading with the places that it was made from, failed or not: mending one of them is what a watch waits for. */
export type ConfigurationReading = Reading<InForce> & { readonly places: ReadPlaces };

/** What is held open or handed out at the start; a reload says so and leaves it. */
const FIXED = ['runtimeDir', 'log', 'metrics'] as const satisfies (keyof Settings)[];

/** Reads settings and Apache's configuration; `started` are the settings of the start. A fault of the program is thrown at the start alone. */
export function readConfiguration(
  { readSettings, settingsFile, environment }: ConfigurationSource,
  started?: Settings,
): ConfigurationReading {
  const reads = recordReads(nodeFileReader);
  // Before it is parsed: what is written in between is then read once more, and not taken for known.
  const settingsText = settingsFile === undefined ? '' : digestOf(settingsFile);
  const result = readInForce(readSettings, started, (settings) =>
    readSite(settings, environment, reads.reader),
  );
  const { files, folders } = reads.places();
  return {
    fingerprint: `${settingsText} ${reads.fingerprint()}`,
    places: { files: settingsFile === undefined ? files : [toBytes(settingsFile), ...files], folders },
    result,
  };
}

function readInForce(
  readSettings: () => Settings,
  started: Settings | undefined,
  read: (settings: Settings) => ReturnType<typeof readSite>,
): Reading<InForce>['result'] {
  try {
    const written = readSettings();
    const settings = started === undefined ? written : withFixed(written, started);
    const { site, diagnostics } = read(settings);
    refuseFatal(diagnostics);
    const waiting = whatWaits(written, settings);
    const planOf = createPlanner(settings, { root: process.geteuid?.() === 0 });
    const declared = declaredGroups(site);
    return { kind: 'read', configuration: { settings, site, diagnostics, declared, planOf, waiting } };
  } catch (error) {
    if (error instanceof SidecarError) return { kind: 'refused', error };
    if (started === undefined) throw error;
    const message = `Cannot read the configuration: ${String(error)}: report this`;
    return { kind: 'refused', error: new SidecarError('ERR_INTERNAL', message, { cause: error }) };
  }
}

function withFixed(written: Settings, started: Settings): Settings {
  const admin = { ...written.admin, listen: started.admin.listen };
  return { ...written, ...pick(started, FIXED), admin };
}

function whatWaits(written: Settings, settings: Settings): readonly string[] {
  const isMoved = !isDeepStrictEqual(written.admin.listen, settings.admin.listen);
  const changed = FIXED.filter((key) => !isDeepStrictEqual(written[key], settings[key]));
  return [...(isMoved ? ['admin.listen'] : []), ...changed];
}

function pick<T, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;
}

function digestOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch (error) {
    return String(error);
  }
}
