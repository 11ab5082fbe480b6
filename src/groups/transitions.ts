/** Which state may follow which: the tables of ARCHITECTURE, "The life of a group", looked up at every change of a state. */
import { SidecarError } from '../errors.ts';
import type { ProcessState } from './member.ts';
import type { GroupLog, GroupState } from './observer.ts';

/** By each state those that may follow it. */
export type Transitions<State extends string> = Readonly<Record<State, readonly State[]>>;

/** Of a group that has processes here. */
export const GROUP_TRANSITIONS: Transitions<GroupState> = {
  idle: ['starting', 'backing_off', 'draining'],
  starting: ['ready', 'backing_off', 'failed', 'draining', 'idle'],
  ready: ['starting', 'backing_off', 'failed', 'draining', 'idle'],
  draining: ['starting', 'backing_off', 'failed', 'idle'],
  backing_off: ['starting', 'draining', 'idle'],
  failed: ['starting', 'draining', 'idle'],
};

/** Of a `url:` group, which starts nothing. */
export const REMOTE_TRANSITIONS: Transitions<GroupState> = {
  idle: ['ready', 'draining'],
  starting: [],
  ready: ['backing_off', 'draining'],
  draining: ['idle'],
  backing_off: ['ready', 'draining'],
  failed: [],
};

/** Of a process. */
export const PROCESS_TRANSITIONS: Transitions<ProcessState> = {
  starting: ['ready', 'exited'],
  ready: ['draining', 'exited'],
  draining: ['exited'],
  exited: [],
};

/** One change of a state. */
export type Transition<State extends string> = { readonly from: State; readonly to: State };

/** Tells the log of a change that the table does not have. It is made all the same: no request pays for a fault of ours. */
export function checkTransition<State extends string>(
  table: Transitions<State>,
  { from, to }: Transition<State>,
  log: GroupLog,
  fields: object,
): void {
  if (from === to || table[from].includes(to)) return;
  const message = `State went from "${from}" to "${to}", which no table allows: please report it with the lines before`;
  log.error({ ...fields, err: new SidecarError('ERR_INTERNAL', message) }, message);
}
