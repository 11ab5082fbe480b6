/** Scripts outside the main interpreter that import extension modules which dislike that (MODWSGI: "Trouble with sub-interpreters"). */
import { analysisOf, type Census, type Interpreter, type Process } from '../census.ts';
import type { Finding, Rule } from '../finding.ts';
import { interpreterName, isMain, processName } from '../names.ts';
import { type HostileModule, hostileModule } from './hostile-modules.ts';

const MEANING: Readonly<Record<HostileModule['how'], string>> = {
  refuses:
    'The import fails in every interpreter of a process but one, so that the application works or not by the order of requests',
  hangs: 'Requests hang or the process crashes, now and then and without a trace in the application',
  confuses: 'Objects of one interpreter turn up in another: isinstance fails, values have the wrong class',
};

export const subinterpreterHostile: Rule = {
  id: 'subinterpreter-hostile',
  title: 'Extension modules that dislike sub-interpreters, outside the main one',
  find: (census) =>
    census.layout === 'sidecar'
      ? []
      : census.processes.flatMap((process) =>
          process.interpreters
            .filter((interpreter) => !isMain(interpreter))
            .flatMap((interpreter) => hostileIn(census, process, interpreter)),
        ),
};

function hostileIn(census: Census, process: Process, interpreter: Interpreter): Finding[] {
  const seen = new Set<string>();
  return interpreter.scripts.flatMap((script) =>
    (analysisOf(census, process, script)?.modules ?? []).flatMap((module) => {
      const top = module.name.split('.', 1)[0] ?? '';
      const known = hostileModule(top);
      // A module of the application's own that happens to have the name is none.
      if (known === undefined || (module.origin !== 'installed' && module.kind !== 'extension')) return [];
      if (seen.has(`${script} ${top}`)) return [];
      seen.add(`${script} ${top}`);
      return [
        {
          id: 'subinterpreter-hostile',
          severity: known.how === 'refuses' ? ('error' as const) : ('warning' as const),
          position: { file: module.file, line: module.line },
          related: interpreter.placements.slice(0, 1).map(({ position, mount }) => ({
            position,
            message: `This puts "${mount.id}" outside the main interpreter`,
          })),
          message: `"${script}" imports "${top}" in ${interpreterName(interpreter)} of ${processName(process)}, which is not the main one`,
          why: `${MEANING[known.how]}. ${known.evidence}`,
          advice:
            'Under Apache give the application a process group of its own with application-group=%{GLOBAL} and nothing else in it; under the sidecar nothing is needed: every group runs in the main interpreter of its process',
          subject: `${script} ${top}`,
        },
      ];
    }),
  );
}
