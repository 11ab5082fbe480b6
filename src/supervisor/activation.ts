/** Socket activation by systemd: descriptors from number 3 on, told by three variables (sd_listen_fds(3)). */
import { fstatSync } from 'node:fs';
import type { OpenSocket } from './open-sockets.ts';
import { listeningAddress } from './socket-names.ts';

/** `SD_LISTEN_FDS_START`. */
const FIRST_DESCRIPTOR = 3;

const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'] as const;

/**
 * The sockets that systemd has given this process, none where the variables are meant for another one. The variables are
 * taken out of `environment` in any case: a child that believed them would take descriptors that are not its own. The
 * descriptors themselves are no child's either: Node sets their close-on-exec flag when it starts.
 */
export function takeActivation(
  environment: Record<string, string | undefined>,
  pid: number,
): readonly OpenSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = environment;
  for (const name of VARIABLES) delete environment[name];
  const count = Number(LISTEN_FDS);
  if (LISTEN_PID !== String(pid) || !Number.isInteger(count) || count < 1) return [];
  const names = LISTEN_FDNAMES.split(':');
  const descriptors = Array.from({ length: count }, (_, index) => FIRST_DESCRIPTOR + index);
  return descriptors.filter(isSocket).map((fd) => ({
    fd,
    address: listeningAddress(fd),
    name: names[fd - FIRST_DESCRIPTOR] ?? '',
    ownsFile: false,
  }));
}

/** Where the number says too much, the next descriptors are Node's own, which must never be closed. */
function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
