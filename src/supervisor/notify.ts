/** Tells systemd how the service does (sd_notify(3)), by the program `systemd-notify`: Node has no datagram Unix sockets. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What systemd is told, e.g. `READY=1`. */
export type ServiceState = 'READY=1' | 'STOPPING=1' | 'RELOADING=1';

const run = promisify(execFile);

/** Does nothing outside systemd. Rejects when systemd-notify is missing or fails; the service runs on without. */
export async function notifyServiceManager(
  state: ServiceState,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { NOTIFY_SOCKET, PATH } = environment;
  if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === '') return;
  // Without --pid the message would come from a process that has ended before systemd looks who sent it.
  const env = { NOTIFY_SOCKET, PATH };
  await run('systemd-notify', [`--pid=${process.pid}`, state, ...stampOf(state)], { env, timeout: 5_000 });
}

/** systemd wants to know which reload is meant: by CLOCK_MONOTONIC in microseconds, which `hrtime` reads. */
function stampOf(state: ServiceState): readonly string[] {
  return state === 'RELOADING=1' ? [`MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`] : [];
}
