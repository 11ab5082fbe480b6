/**
 * `%{GLOBAL}` beside a named group in one process of several threads: a thread that has served the named group runs
 * `%{GLOBAL}`'s requests inside that group's interpreter (MODWSGI: "%{GLOBAL} leaks into another application's interpreter").
 */
import type { Process } from '../census.ts';
import { type Finding, listNames, type Rule } from '../finding.ts';
import { isMain, processName } from '../names.ts';

export const globalLeak: Rule = {
  id: 'global-leak',
  title: '%{GLOBAL} beside a named application group in one process of several threads',
  find: ({ processes, layout }) => (layout === 'sidecar' ? [] : processes.flatMap(leaksOf)),
};

function leaksOf(process: Process): Finding[] {
  const main = process.interpreters.find(isMain);
  const named = process.interpreters.filter((interpreter) => !isMain(interpreter));
  const [first] = named;
  if (main === undefined || first === undefined || !process.multiThreaded) return [];
  const inMain = main.placements.map(({ mount }) => mount.id);
  const beside = named.flatMap(({ placements }) => placements.map(({ mount }) => mount.id));
  return [
    {
      id: 'global-leak',
      severity: 'error',
      ...(main.placements[0] === undefined ? {} : { position: main.placements[0].position }),
      related: first.placements.slice(0, 1).map(({ mount, position }) => ({
        position,
        message: `"${mount.id}" has an interpreter of its own in the same process`,
      })),
      message: `%{GLOBAL} holds ${listNames([...new Set(inMain)])} in ${processName(process)}, which has named groups for ${listNames([...new Set(beside)])} too, and several threads`,
      why: "A thread that has served a named group keeps that group's interpreter: requests for %{GLOBAL} on it run there, with the other application's modules, although the environ says %{GLOBAL}",
      advice:
        'Give what needs %{GLOBAL} a process group of its own (WSGIDaemonProcess and WSGIProcessGroup), or move it to the sidecar, where each group is a process',
      subject: process.processGroup,
    },
  ];
}
