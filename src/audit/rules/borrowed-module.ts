/** Imports that find nothing by themselves, but do where another script of the interpreter has extended `sys.path`. */
import { analysisOf, type Census, type Interpreter, type Process } from '../census.ts';
import { type Finding, listNames, type Rule } from '../finding.ts';
import { interpreterName } from '../names.ts';

export const borrowedModule: Rule = {
  id: 'borrowed-module',
  title: 'Modules that a script finds only through another script of its interpreter',
  find: (census) =>
    census.processes.flatMap((process) =>
      process.interpreters.flatMap((interpreter) => borrowedIn(census, process, interpreter)),
    ),
};

function borrowedIn(census: Census, process: Process, interpreter: Interpreter): Finding[] {
  const analyses = interpreter.scripts
    .map((script) => analysisOf(census, process, script))
    .filter((analysis) => analysis !== undefined);
  return analyses.flatMap(({ script, modules }) =>
    modules
      .filter(({ kind, guarded }) => kind === 'missing' && !guarded)
      .flatMap((module) => {
        const lenders = analyses.filter((other) =>
          other.modules.some(({ name, path }) => name === module.name && path !== undefined),
        );
        if (lenders.length === 0) return [];
        const names = listNames(lenders.map((lender) => lender.script));
        return [
          {
            id: 'borrowed-module',
            severity: 'warning' as const,
            position: { file: module.file, line: module.line },
            related: [],
            message: `"${script}" imports "${module.name}", which it finds only because ${names} of ${interpreterName(interpreter)} has extended sys.path`,
            why: 'The import works or fails by the order of the first requests, and fails for good once the scripts are parted',
            advice: `Add the folder of "${module.name}" to sys.path in the script itself, or by python-path`,
            subject: `${script} ${module.name}`,
          },
        ];
      }),
  );
}
