/** The start order: the line on stdin that tells the launcher everything (ARCHITECTURE.md, "The group process"). */
import type { GroupPlan, ScriptImport } from './plan.ts';

/** What one process's order holds besides its group's plan. */
export type StartOrderRequest = {
  readonly plan: GroupPlan;
  /** An ordinary path, as Node uses it. */
  readonly socketPath: string;
  readonly imports: readonly ScriptImport[];
};

/** The order as one line of ASCII JSON without its line end; byte strings stand as latin-1 code points. */
export function renderStartOrder({ plan, socketPath, imports }: StartOrderRequest): string {
  const { identity } = plan;
  const order = {
    socket: Buffer.from(socketPath, 'utf8').toString('latin1'),
    backlog: plan.listenBacklog,
    runner: plan.runner.kind,
    ...(plan.runner.kind === 'command' ? { command: plan.runner.command, listens: plan.runner.listens } : {}),
    threads: plan.threads,
    processes: plan.processes,
    user: plan.user,
    group: plan.group,
    supplementaryGroups: plan.supplementaryGroups,
    allowRoot: plan.allowRoot,
    umask: plan.umask,
    home: plan.home,
    chroot: plan.chroot,
    nice: plan.nice,
    limits: plan.limits,
    displayName: plan.displayName,
    pythonPath: plan.pythonPath,
    processGroup: identity.processGroup,
    applicationGroup: identity.applicationGroup,
    mode: plan.mode,
    multithread: plan.threads > 1,
    multiprocess: plan.multiprocess,
    imports,
    dispatchScript: plan.dispatchScript,
    scriptReloading: plan.scriptReloading,
    modWsgiVersion: plan.modWsgiVersion,
    shutdownTimeout: plan.shutdownTimeoutMs / 1000,
  };
  return asciiJson(order);
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
