/** Mounts that differ in case alone: one interpreter before mod_wsgi 6, two from then on (commit 44975e1). */

import { foldScriptName } from '../../routing/group-name.ts';
import type { Census, Process } from '../census.ts';
import { type Finding, listNames, type Rule } from '../finding.ts';
import { gather } from '../gather.ts';
import { processName } from '../names.ts';
import type { Placement } from '../placement.ts';

export const caseFold: Rule = {
  id: 'case-fold',
  title: 'Mounts that differ in case alone and share an interpreter before mod_wsgi 6',
  find: (census) =>
    census.layout === 'sidecar' ? [] : census.processes.flatMap((process) => pairsOf(census, process)),
};

function pairsOf(census: Census, process: Process): Finding[] {
  // With WSGICaseSensitivity Off names are folded by every version.
  if (!census.site.python.caseSensitive) return [];
  const byFolded = new Map<string, Placement[]>();
  for (const placement of process.interpreters.flatMap(({ placements }) => placements)) {
    const { scriptName, applicationTemplate, host } = placement;
    if (scriptName === undefined || applicationTemplate !== '%{RESOURCE}') continue;
    gather(byFolded, `${host.id} ${foldScriptName(scriptName, true)}`, placement);
  }
  return [...byFolded.values()]
    .filter((list) => new Set(list.map(({ scriptName }) => scriptName)).size > 1)
    .map((list) => describe(census, process, list));
}

function describe(census: Census, process: Process, placements: readonly Placement[]): Finding {
  const [first, ...others] = placements;
  const isSix = census.site.options.modWsgiVersion === '6';
  const names = listNames(placements.map(({ mount }) => mount.mountPoint));
  return {
    id: 'case-fold',
    severity: 'warning',
    ...(first === undefined ? {} : { position: first.mount.position }),
    related: others.map(({ mount }) => ({
      position: mount.position,
      message: `"${mount.mountPoint}" stands here`,
    })),
    message: isSix
      ? `Mounts ${names} of ${processName(process)} have an interpreter each, but shared one before mod_wsgi 6`
      : `Mounts ${names} of ${processName(process)} share an interpreter, and will not from mod_wsgi 6 on`,
    why: 'Up to 5 the path in %{RESOURCE} is lower-cased: modules and their state are shared; an upgrade parts what may rely on it, or shows that it was mixed',
    advice:
      'Name the groups by application-group= on each WSGIScriptAlias, so that the version does not matter',
    subject: `${first?.host.id} ${first?.scriptName?.toLowerCase()}`,
  };
}
