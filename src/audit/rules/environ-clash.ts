/** Keys of `os.environ` that several scripts of one process write (MODWSGI: "Leaks between different groups of one process"). */

import type { EnvironWrite } from '../analysis.ts';
import { analysisOf, type Census, type Process, scriptsOf } from '../census.ts';
import { type Finding, listNames, type Rule } from '../finding.ts';
import { gather } from '../gather.ts';
import { processName } from '../names.ts';

type Write = { readonly script: string; readonly write: EnvironWrite };

export const environClash: Rule = {
  id: 'environ-clash',
  title: 'Environment variables that several scripts of one process write',
  find: (census) => census.processes.flatMap((process) => clashesOf(census, process)),
};

function clashesOf(census: Census, process: Process): Finding[] {
  const writes = new Map<string, Write[]>();
  for (const script of scriptsOf(process)) {
    for (const write of analysisOf(census, process, script)?.environ ?? []) {
      gather(writes, write.key, { script, write });
    }
  }
  return [...writes]
    .filter(([, list]) => new Set(list.map(({ script }) => script)).size > 1)
    .map(([key, list]) => describe(process, key, list));
}

function describe(process: Process, key: string, writes: readonly Write[]): Finding {
  const scripts = [...new Set(writes.map(({ script }) => script))];
  const values = new Set(writes.map(({ write }) => write.value));
  const isSame = values.size === 1 && !values.has(undefined);
  const [first] = writes;
  return {
    id: 'environ-clash',
    severity: isSame ? 'info' : key === 'DJANGO_SETTINGS_MODULE' ? 'error' : 'warning',
    ...(first === undefined ? {} : { position: { file: first.write.file, line: first.write.line } }),
    related: writes.slice(1).map(({ script, write: { file, line, how, value } }) => ({
      position: { file, line },
      message: `"${script}" writes "${key}" too (${how}${value === undefined ? '' : `, "${value}"`})`,
    })),
    message: `${isSame ? `The same value of "${key}"` : `"${key}" of os.environ`} is written by ${listNames(scripts)}, which share ${processName(process)}`,
    why: isSame
      ? 'All interpreters of a process share one environment: harmless until one of the scripts changes its value'
      : 'All interpreters of a process share one environment: with setdefault the first script wins, with an assignment the last one, whatever the application group',
    advice: `Give each of the scripts a process of its own ("isolation: per-script" here, WSGIDaemonProcess for each under Apache), or let the scripts hand the value over without os.environ`,
    subject: `${process.processGroup} ${key}`,
  };
}
