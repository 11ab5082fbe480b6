/** How the groups of a running sidecar do, for people: a line each, and below what has gone wrong. */
import type { GroupView, ProcessView } from '../../routes/model.ts';
import { nameOf } from '../sidecar/group-views.ts';
import { renderColumns, visible } from './columns.ts';
import { renderFailure } from './failure-text.ts';

/** `now` is Unix time in milliseconds, like all times of the groups. */
export function renderLiveGroups(groups: readonly GroupView[], now: number): string {
  const titles = ['ID', 'GROUP', 'PROCESS GROUP', 'STATE', 'FOR', 'PROCESSES', 'QUEUE', 'REASON'];
  const rows = groups.map((group) => [
    group.id,
    group.part === undefined ? group.applicationGroup : `${group.applicationGroup} (${group.part})`,
    group.processGroup,
    group.state,
    group.since === undefined ? '-' : renderAge(now - group.since),
    group.processes.map(renderProcess).join(', ') || '-',
    `${group.queueDepth}/${group.limits.queueLength}`,
    reasonOf(group, now),
  ]);
  const failures = groups.map((group) => renderFailures(group, now)).join('');
  return `${renderColumns([titles, ...rows])}${failures}`;
}

/** The pid or the URL, and what it does besides being ready and idle. */
function renderProcess({ pid, url, state, inFlight }: ProcessView): string {
  const busy = inFlight === 0 ? '' : `${inFlight} in flight`;
  const more = [state === 'ready' ? '' : state, busy].filter((part) => part !== '').join(', ');
  const name = url ?? String(pid);
  return more === '' ? name : `${name} (${more})`;
}

function reasonOf({ reason, nextStartAt }: GroupView, now: number): string {
  if (nextStartAt === undefined) return reason;
  return `${reason}; next start in ${renderAge(Math.max(0, nextStartAt - now))}`;
}

function renderFailures(group: GroupView, now: number): string {
  const { lastFailure, failedScripts } = group;
  const start =
    lastFailure === undefined
      ? ''
      : `${visible(lastFailure.message)} (${renderAge(now - lastFailure.at)} ago)\n${renderFailure(lastFailure)}`;
  const scripts = failedScripts.map(
    ({ at, script, message, traceback }) =>
      `Cannot import "${visible(script)}": ${visible(message)} (${renderAge(now - at)} ago)\n${renderFailure({ traceback })}`,
  );
  const told = [start, ...scripts].filter((text) => text !== '');
  return told.length === 0 ? '' : `\nGroup ${nameOf(group)}\n${told.join('')}`;
}

/** The largest unit that leaves a whole number: `45s`, `12m`, `3h`, `8d`. */
function renderAge(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
