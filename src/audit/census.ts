/**
 * Who lives where: processes, the interpreters in them, the mounts and scripts in those, with what the scripts import.
 * Of today's Apache, or of the sidecar's own layout, where every group is a process.
 */

import type { Diagnostic } from '../apache/diagnostic.ts';
import type { FileReader } from '../apache/file-reader.ts';
import { type GroupIdentity, groupKey } from '../routing/group-key.ts';
import type { ProcessGroup, Site } from '../site/model.ts';
import type { AccessProblem, InterpreterFailure, ScriptAnalysis } from './analysis.ts';
import { gather } from './gather.ts';
import { placeMounts } from './place-mounts.ts';
import type { Placement } from './placement.ts';

/** `apache`: processes as Apache has them. `sidecar`: a process for each group, parted by `isolation`. */
export type Layout = 'apache' | 'sidecar';

/** One Python interpreter of a process, or what stands for those that requests make. */
export type Interpreter = {
  /** Application group; a template where requests decide; empty is the main interpreter. */
  readonly applicationGroup: string;
  /** Whether there is one for each name that requests make. */
  readonly perRequest: boolean;
  readonly placements: readonly Placement[];
  /** Each once, in the order of the configuration. */
  readonly scripts: readonly string[];
};

/** The processes of one name: they are alike, so they are one entry. */
export type Process = {
  /** Unique within the census. */
  readonly key: string;
  /** Process group; a template where requests decide; empty is embedded mode. */
  readonly processGroup: string;
  readonly daemon: ProcessGroup | undefined;
  readonly multiThreaded: boolean;
  /** As whom it runs, where that is said. */
  readonly user: string | undefined;
  readonly interpreters: readonly Interpreter[];
};

/** What the machine adds to the configuration; analyses by process key, then script. */
export type Observations = {
  readonly analyses: ReadonlyMap<string, ReadonlyMap<string, ScriptAnalysis>>;
  readonly failures: readonly InterpreterFailure[];
  readonly access: readonly AccessProblem[];
  readonly diagnostics: readonly Diagnostic[];
};

export type Census = Observations & {
  readonly layout: Layout;
  readonly site: Site;
  readonly processes: readonly Process[];
};

/** The processes of a layout. */
export function surveyProcesses(site: Site, reader: FileReader, layout: Layout): readonly Process[] {
  const groups = new Map<string, Map<string, Placement[]>>();
  for (const placement of placeMounts(site, reader)) {
    for (const { process, interpreter } of seatsOf(placement, layout)) {
      const interpreters = groups.get(process) ?? new Map<string, Placement[]>();
      groups.set(process, interpreters);
      gather(interpreters, interpreter, placement);
    }
  }
  return Array.from(groups, ([key, interpreters]) => makeProcess(site, key, [...interpreters.entries()]));
}

/** What is known of a script of a process; undefined where its interpreter could not be run. */
export function analysisOf(census: Census, { key }: Process, script: string): ScriptAnalysis | undefined {
  return census.analyses.get(key)?.get(script);
}

/** Scripts of a process, each once. */
export function scriptsOf({ interpreters }: Process): readonly string[] {
  return [...new Set(interpreters.flatMap(({ scripts }) => scripts))];
}

/** Where a request of a placement sits. What requests name is one interpreter for each script: nothing says that they share. */
function seatsOf(
  placement: Placement,
  layout: Layout,
): readonly { readonly process: string; readonly interpreter: string }[] {
  const { identity, processTemplate, applicationTemplate, host, scripts, mount, reason } = placement;
  if (identity !== undefined) {
    const { processGroup, applicationGroup } = identity;
    const process = layout === 'sidecar' ? groupKey(identity) : JSON.stringify([processGroup]);
    return [{ process, interpreter: JSON.stringify([applicationGroup]) }];
  }
  const process = processTemplate === '%{GLOBAL}' ? '' : processTemplate;
  const part = reason === 'url' ? [host.id, mount.id] : [];
  return (scripts.length === 0 ? [''] : scripts).map((script) => {
    const interpreter = JSON.stringify([applicationTemplate, ...part, ...(reason === 'url' ? [script] : [])]);
    const names = layout === 'sidecar' ? [process, interpreter, script] : [process];
    return { process: JSON.stringify(names), interpreter };
  });
}

function makeProcess(
  site: Site,
  key: string,
  interpreters: readonly (readonly [string, readonly Placement[]])[],
): Process {
  const [processGroup = ''] = JSON.parse(key) as string[];
  const daemon = site.processGroups.get(processGroup);
  const { mpm, threadsPerChild, user } = site.processes;
  return {
    key,
    processGroup,
    daemon,
    multiThreaded: daemon === undefined ? mpm !== 'prefork' && threadsPerChild !== 1 : daemon.threads > 1,
    user: daemon?.user ?? user,
    interpreters: interpreters.map(([name, placements]) => makeInterpreter(name, placements)),
  };
}

function makeInterpreter(name: string, placements: readonly Placement[]): Interpreter {
  const [applicationGroup = '', , , script] = JSON.parse(name) as string[];
  const scripts = script === undefined ? placements.flatMap((placement) => placement.scripts) : [script];
  return {
    applicationGroup,
    perRequest: placements.some(({ identity }) => identity === undefined),
    placements,
    scripts: [...new Set(scripts)].filter((path) => path !== ''),
  };
}

/** The identity by which the settings of a process are looked up. */
export function identityOf({ processGroup, interpreters }: Process, layout: Layout): GroupIdentity {
  const identity = interpreters[0]?.placements[0]?.identity;
  if (layout === 'sidecar' && identity !== undefined) return identity;
  return { processGroup, applicationGroup: '' };
}
