/** Serving, from the first word of the log to the last: what `run` does once it knows whom it succeeds. */
import { resolve } from 'node:path';
import { createLog, type Log, lineShape } from '../log.ts';
import type { Observation } from '../proxy/observation.ts';
import type { Settings } from '../settings/load.ts';
import { type AccessLog, createAccessLine, createAccessLog } from '../sidecar/access-log.ts';
import { LineBatch } from '../sidecar/line-batch.ts';
import { type RunningSidecar, startSidecar } from '../sidecar/sidecar.ts';
import { takeActivation } from '../supervisor/activation.ts';
import { notifyServiceManager, type ServiceState } from '../supervisor/notify.ts';
import { OpenSockets } from '../supervisor/open-sockets.ts';
import type { Predecessor } from '../supervisor/predecessor.ts';
import { watchSignals } from '../supervisor/signals.ts';
import type { CliContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { settingsOf } from './settings-flags.ts';

const LOST = 'Lines of the access log were lost: standard output did not take them in time';

/** Serves until a signal or a successor ends it. */
export async function serve(
  context: CliContext,
  flags: Record<string, unknown>,
  predecessor: Predecessor | undefined,
): Promise<ExitCode> {
  const activated = takeActivation(context.environment, process.pid);
  const readSettings = (): Settings =>
    settingsOf(context, flags.json === true ? { ...flags, logFormat: 'json' } : flags);
  const settings = readSettings();
  const { log, accessLog } = openLogs(settings.log);
  const signals = listenToSignals();
  const tell = teller(context, log);
  const sidecar = await startSidecar(settings, {
    environment: context.environment,
    version: context.version,
    log,
    ...(accessLog === undefined ? {} : { accessLog }),
    openSockets: new OpenSockets(predecessor?.inheritance.sockets ?? activated),
    ...(predecessor === undefined
      ? {}
      : {
          successorOf: predecessor.inheritance.predecessors,
          inheritedGroups: predecessor.inheritance.groups,
        }),
    command: [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    readSettings,
    ...(typeof flags.config === 'string' ? { settingsFile: resolve(flags.config) } : {}),
    tell: (state) => tell(state === 'ready' ? 'READY=1' : 'RELOADING=1'),
  });
  // A start that fails ends the process; whoever serves stays for all the others.
  process.on('uncaughtException', (error) => sidecar.surviveError(error));
  log.info({ listening: sidecar.listening, admin: sidecar.admin, pid: process.pid }, 'Sidecar is ready');
  // Before the old one ends: systemd has to know the new main process by then.
  await tell('READY=1');
  await predecessor?.tellReady(context.version);
  signals.onReload(() => void sidecar.reload('operator'));
  const signal = await Promise.race([signals.drain, sidecar.succeeded]);
  const isSucceeded = signal === undefined;
  log.info({ signal }, isSucceeded ? 'Sidecar hands over to its successor' : 'Sidecar is draining');
  if (!isSucceeded) await tell('STOPPING=1');
  const code = await Promise.race([stopped(sidecar), signals.abandon]);
  if (code !== EXIT.ok) sidecar.breakOff();
  log.info({}, code === EXIT.ok ? 'Sidecar has ended' : 'Sidecar ends without waiting');
  return code;
}

/** Both write to standard output, in the order in which things happen. */
function openLogs({ level, format, query: showsQuery, access }: Settings['log']): {
  readonly log: Log;
  readonly accessLog: AccessLog | undefined;
} {
  if (!access) return { log: createLog({ level, format, fd: 1, showsQuery }), accessLog: undefined };
  const shape = lineShape(format, 1);
  const lineOf = createAccessLine(showsQuery);
  const batch = new LineBatch<Observation>(1, {
    render: (seen) => shape(lineOf(seen)),
    tellLost: (lost) => log.warn({ lost }, LOST),
  });
  const log = createLog({ level, format, fd: 1, showsQuery, beforeLine: () => batch.flush() });
  return { log, accessLog: createAccessLog(batch) };
}

async function stopped(sidecar: RunningSidecar): Promise<ExitCode> {
  await sidecar.stop();
  return EXIT.ok;
}

type Signals = {
  readonly drain: Promise<NodeJS.Signals>;
  readonly abandon: Promise<ExitCode>;
  /** Says what HUP does; one that came before is made good. */
  onReload(reload: () => void): void;
};

/** Listens from the first moment on, so that a signal during the start is not lost. */
function listenToSignals(): Signals {
  let hasCome = false;
  let reloadNow = (): void => {
    hasCome = true;
  };
  let drainNow: (signal: NodeJS.Signals) => void = () => undefined;
  let abandonNow: (code: ExitCode) => void = () => undefined;
  const drain = new Promise<NodeJS.Signals>((resolve) => {
    drainNow = resolve;
  });
  const abandon = new Promise<ExitCode>((resolve) => {
    abandonNow = resolve;
  });
  watchSignals({
    drain: (signal) => drainNow(signal),
    abandon: () => abandonNow(EXIT.interrupted),
    reload: () => reloadNow(),
  });
  const onReload = (reload: () => void): void => {
    reloadNow = reload;
    if (hasCome) reload();
  };
  return { drain, abandon, onReload };
}

function teller(context: CliContext, log: Log): (state: ServiceState) => Promise<void> {
  return async (state) => {
    try {
      await notifyServiceManager(state, context.environment);
    } catch (err) {
      log.warn({ err, state }, 'Cannot tell systemd how the service does');
    }
  };
}
