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
    isHomeOnPath: plan.isHomeOnPath,
    chroot: plan.chroot,
    nice: plan.nice,
    limits: plan.limits,
    displayName: plan.displayName,
    locale: plan.locale,
    pythonPath: plan.pythonPath,
    processGroup: identity.processGroup,
    applicationGroup: identity.applicationGroup,
    mode: plan.mode,
    multithread: plan.threads > 1,
    multiprocess: plan.multiprocess,
    imports,
    dispatchScript: plan.dispatchScript,
    scriptReloading: plan.scriptReloading,
    restrictSignal: plan.restrictions.signal,
    restrictStdin: plan.restrictions.stdin,
    restrictStdout: plan.restrictions.stdout,
    modWsgiVersion: plan.modWsgiVersion,
    scriptUser: plan.scriptUser,
    scriptGroup: plan.scriptGroup,
    stackSize: plan.stackSizeBytes,
    switchInterval: seconds(plan.switchIntervalMs),
    sendBufferSize: plan.sendBufferSizeBytes,
    receiveBufferSize: plan.receiveBufferSizeBytes,
    socketTimeout: seconds(plan.socketTimeoutMs),
    interruptAfter: seconds(interruptAfterMs(plan)),
    deadlockTimeout: seconds(plan.life.deadlockTimeoutMs),
    // Else the sidecar alone goes by it.
    gracefulTimeout: plan.limits.cpu === undefined ? undefined : seconds(plan.life.gracefulTimeoutMs),
    shutdownTimeout: seconds(plan.shutdownTimeoutMs),
  };
  return asciiJson(order);
}

/**
 * How old a request becomes before it is interrupted: mod_wsgi 6 leaves each the more time, the more threads there are
 * (`wsgi_request_fire_threshold`).
 */
function interruptAfterMs({ threads, life }: GroupPlan): number | undefined {
  const { requestTimeoutMs, interruptTimeoutMs } = life;
  if (requestTimeoutMs === undefined || interruptTimeoutMs === undefined) return undefined;
  return requestTimeoutMs * (1 + Math.log(threads));
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
