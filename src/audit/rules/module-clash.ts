/** Modules of one name that are different files for scripts of one interpreter: the first that is imported wins for all. */

import type { ImportedModule } from '../analysis.ts';
import { analysisOf, type Census, type Interpreter, type Process } from '../census.ts';
import { type Finding, listNames, type Rule } from '../finding.ts';
import { gather } from '../gather.ts';
import { interpreterName, processName } from '../names.ts';

type Use = { readonly script: string; readonly module: ImportedModule };

export const moduleClash: Rule = {
  id: 'module-clash',
  title: 'Modules of one name that resolve to different files in one interpreter',
  find: (census) =>
    census.processes.flatMap((process) =>
      process.interpreters.flatMap((interpreter) => clashesOf(census, process, interpreter)),
    ),
};

function clashesOf(census: Census, process: Process, interpreter: Interpreter): Finding[] {
  const uses = new Map<string, Use[]>();
  for (const script of interpreter.scripts) {
    for (const module of analysisOf(census, process, script)?.modules ?? []) {
      if (module.real === undefined) continue;
      gather(uses, module.name, { script, module });
    }
  }
  const clashing = [...uses].filter(([, list]) => isClash(list)).map(([name]) => name);
  // A package that clashes takes its submodules with it.
  const topmost = clashing.filter((name) => !clashing.some((other) => name.startsWith(`${other}.`)));
  return topmost.map((name) => describe(process, interpreter, name, uses.get(name) ?? []));
}

/** Namespace packages of several folders become one; with a plain package of the same name they do not. */
function isClash(uses: readonly Use[]): boolean {
  const files = new Set(uses.map(({ module }) => module.real));
  return files.size > 1 && uses.some(({ module }) => module.kind !== 'namespace');
}

function describe(process: Process, interpreter: Interpreter, name: string, uses: readonly Use[]): Finding {
  const byFile = new Map<string, Use[]>();
  for (const use of uses) {
    gather(byFile, use.module.real ?? '', use);
  }
  const isOwn = uses.some(({ module }) => module.origin === 'application');
  const files = Array.from(byFile, ([, list]) => {
    const scripts = listNames(list.map(({ script }) => script));
    return `"${list[0]?.module.path}" for ${scripts}`;
  });
  const placement = interpreter.placements[0];
  const position = placement?.position;
  return {
    id: 'module-clash',
    severity: isOwn ? 'error' : 'warning',
    ...(position === undefined ? {} : { position }),
    related: uses.map(({ module, script }) => ({
      position: { file: module.file, line: module.line },
      message: `"${script}" imports "${name}" and means "${module.path}"`,
    })),
    message: `Module "${name}" of ${interpreterName(interpreter)} in ${processName(process)} is ${files.join(', and ')}`,
    why: 'An interpreter keeps one module of a name: whichever script imports it first gives its file to all the others, in each process anew',
    advice: `Give each script an interpreter of its own (WSGIApplicationGroup %{RESOURCE}), or a process of its own: "isolation: per-script" here, or WSGIDaemonProcess for each under Apache; or rename "${name}" so that the names differ`,
    subject: `${interpreter.applicationGroup} ${name}`,
  };
}
