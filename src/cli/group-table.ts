/** The table of groups, and what to write to part scripts that share a process. */
import type { GroupView } from '../../routes/model.ts';
import { nameOf } from '../sidecar/group-views.ts';
import { renderColumns } from './columns.ts';

/** The table; with state and pids when `live`. */
export function renderGroupTable(groups: readonly GroupView[], live: boolean): string {
  const titles = ['GROUP', 'PROCESS GROUP', ...(live ? ['STATE', 'PIDS'] : []), 'MOUNTS', 'SCRIPTS'];
  const rows = groups.map((group) => {
    const { applicationGroup, part, processGroup, state, processes, mounts, scripts } = group;
    const pids = processes.map(({ pid, url }) => url ?? pid).join(' ') || '-';
    return [
      part === undefined
        ? applicationGroup
        : `${applicationGroup} (${part.replace(/^(dispatch script )?.*\//, '$1')})`,
      processGroup,
      ...(live ? [state, pids] : []),
      mounts.join(' ') || '-',
      scripts.join(' ') || '-',
    ];
  });
  return renderColumns([titles, ...rows]);
}

/** Names the scripts that share a process and the setting that parts them; empty when none do. */
export function renderSharing(groups: readonly GroupView[]): string {
  const shared = groups.filter(({ sharing }) => sharing.length > 1);
  if (shared.length === 0) return '';
  const lines = shared.flatMap((group) => [
    `Group ${nameOf(group)} runs ${group.sharing.length} scripts in one process:`,
    ...group.sharing.map((script) => `    ${script}`),
  ]);
  const advice =
    'They share modules, os.environ and the first config.py imported. To part them under the same names:\n    isolation: per-script        (--isolation per-script; or for one: virtualHosts: {NAME: {isolation: per-script}})';
  return `${lines.join('\n')}\n${advice}\n`;
}
