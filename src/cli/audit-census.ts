/** The census of a configuration on this machine: who lives where, what their scripts import, what their users may read. */
import { fromBytes, toBytes } from '../apache/bytes.ts';
import { nodeFileReader } from '../apache/node-file-reader.ts';
import type { AccessProblem, InterpreterFailure, ScriptAnalysis } from '../audit/analysis.ts';
import {
  type Census,
  identityOf,
  type Layout,
  type Process,
  scriptsOf,
  surveyProcesses,
} from '../audit/census.ts';
import { interpreterOf } from '../groups/interpreter.ts';
import type { GroupPlan } from '../groups/plan.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import type { ReadSite } from '../sidecar/load-site.ts';
import type { Site } from '../site/model.ts';
import { type AnalysisJob, analyseImports } from './analyse-imports.ts';
import { findProgram, idsOf, refusalOf, type UserIds } from './user-access.ts';

export type CensusRequest = {
  readonly layout: Layout;
  readonly planOf: (site: Site, identity: GroupIdentity) => GroupPlan;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly root: boolean;
  /** Told after each interpreter. */
  readonly progress: (done: number, all: number) => void;
};

type Prepared = {
  readonly process: Process;
  readonly job: AnalysisJob;
  readonly problems: readonly AccessProblem[];
  readonly failure: InterpreterFailure | undefined;
};

export async function takeCensus({ site, diagnostics }: ReadSite, request: CensusRequest): Promise<Census> {
  const { layout, progress } = request;
  const processes = surveyProcesses(site, nodeFileReader, layout);
  const users = new Map<string, UserIds | undefined>();
  const prepared = processes.map((process) => prepare(site, process, request, users));
  const jobs = joinJobs(prepared.filter(({ failure }) => failure === undefined));
  const results = await analyseImports(
    jobs.map(({ job }) => job),
    (done) => progress(done, jobs.length),
  );
  const analyses = new Map<string, ReadonlyMap<string, ScriptAnalysis>>();
  const failures = prepared.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  for (const [index, result] of results.entries()) {
    if ('failure' in result) failures.push(result.failure);
    else {
      const found = new Map(result.scripts.map((analysis) => [analysis.script, analysis]));
      for (const { key } of jobs[index]?.processes ?? []) analyses.set(key, found);
    }
  }
  return {
    layout,
    site,
    processes,
    diagnostics,
    analyses,
    failures: unique(failures),
    access: unique([
      ...prepared.flatMap(({ problems }) => problems),
      ...unreadableScripts(processes, analyses),
    ]),
  };
}

function prepare(
  site: Site,
  process: Process,
  { layout, planOf, environment, root }: CensusRequest,
  users: Map<string, UserIds | undefined>,
): Prepared {
  const plan = planOf(site, identityOf(process, layout));
  const user = process.user === undefined ? undefined : fromBytes(process.user);
  if (user !== undefined && !users.has(user)) users.set(user, idsOf(user));
  const ids = user === undefined ? undefined : users.get(user);
  const named = interpreterOf(plan);
  const python = findProgram(named, environment.PATH ?? '', ids);
  const scripts = scriptsOf(process);
  const job = {
    python: python ?? named,
    pythonPath: plan.pythonPath,
    cwd: plan.home ?? '/',
    environment: plan.environment,
    user: root && ids !== undefined && user !== undefined ? { name: user, ...ids } : undefined,
    scripts,
  };
  if (ids === undefined || user === undefined) return { process, job, problems: [], failure: undefined };
  const refusal = python === undefined ? undefined : refusalOf(ids, python, 'execute');
  const failure = refusal === undefined ? undefined : closedInterpreter(job.python, user, refusal);
  const problems = [
    ...(refusal === undefined ? [] : [problemOf(user, toBytes(job.python), refusal)]),
    ...scripts.flatMap((script) => {
      const reason = refusalOf(ids, fromBytes(script), 'read');
      return reason === undefined ? [] : [problemOf(user, script, reason)];
    }),
  ];
  return { process, job, problems, failure };
}

function problemOf(user: string, path: string, reason: string): AccessProblem {
  return { user: toBytes(user), path, reason: toBytes(reason) };
}

function closedInterpreter(python: string, user: string, refusal: string): InterpreterFailure {
  return {
    python,
    message: toBytes(`Python "${python}" cannot be run by user "${user}": ${refusal}`),
    advice:
      'Name an interpreter that this user may run, such as /usr/bin/python3, by "python" in the settings',
  };
}

type JoinedJob = { readonly job: AnalysisJob; readonly processes: readonly Process[] };

/** Processes of the same interpreter and conditions are analysed in one run. */
function joinJobs(prepared: readonly Prepared[]): readonly JoinedJob[] {
  const joined = new Map<string, JoinedJob>();
  for (const { process, job } of prepared) {
    if (job.scripts.length === 0) continue;
    const { scripts: _, ...conditions } = job;
    const key = JSON.stringify({ ...conditions, user: job.user?.name });
    const known = joined.get(key);
    const scripts = [...new Set([...(known?.job.scripts ?? []), ...job.scripts])];
    joined.set(key, { job: { ...job, scripts }, processes: [...(known?.processes ?? []), process] });
  }
  return [...joined.values()];
}

/** What permissions alone did not tell, and the analyser, run as the user, did. */
function unreadableScripts(
  processes: readonly Process[],
  analyses: Census['analyses'],
): readonly AccessProblem[] {
  return processes.flatMap((process) => {
    const user = process.user ?? 'of this command';
    return scriptsOf(process).flatMap((script) => {
      const errors = analyses.get(process.key)?.get(script)?.errors ?? [];
      return errors
        .filter(({ kind, file }) => kind === 'unreadable' && file !== script)
        .map(({ file, message }) => ({ user, path: file, reason: message }));
    });
  });
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
