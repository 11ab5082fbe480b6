/** What scripts do to others by being imported: calls that change the interpreter or the process which they share. */

import type { Severity } from '../../apache/diagnostic.ts';
import type { Effect } from '../analysis.ts';
import { analysisOf, type Census, type Interpreter, type Process, scriptsOf } from '../census.ts';
import { type Finding, listNames, type Rule } from '../finding.ts';
import { gather } from '../gather.ts';
import { interpreterName, processName } from '../names.ts';

type Meaning = { readonly severity: Severity; readonly why: string };

/** What a call changes for all scripts of the interpreter. */
const OF_INTERPRETER: Readonly<Record<string, Meaning>> = {
  'logging.basicConfig': warning('The first call configures the root logger for all; later calls do nothing'),
  'logging.config.dictConfig': warning(
    "It replaces the others' handlers, and disables loggers that exist already",
  ),
  'logging.config.fileConfig': warning(
    "It replaces the others' handlers, and disables loggers that exist already",
  ),
  'logging.disable': warning('It silences the loggers of all scripts'),
  'logging.captureWarnings': info('It sends the warnings of all scripts to logging'),
  'sys.path.insert': warning(
    'Its folder is searched before those of the others: their modules of the same name lose',
  ),
  'sys.path.append': info('Its folder is searched for the imports of the others too'),
  'socket.setdefaulttimeout': warning('It ends slow connections of the others as well'),
  'warnings.simplefilter': info('It shows or hides the warnings of all scripts'),
  'warnings.filterwarnings': info('It shows or hides the warnings of all scripts'),
  'mercurial.demandimport.enable': warning(
    'Every later import in the interpreter becomes lazy: those of other applications fail far from their cause',
  ),
  'gevent.monkey.patch_all': warning('It replaces sockets and threads for code that was not written for it'),
  'eventlet.monkey_patch': warning('It replaces sockets and threads for code that was not written for it'),
  'sys.setrecursionlimit': info('It counts for all scripts'),
  'sys.setdefaultencoding': warning('It changes how all scripts convert text'),
  'random.seed': warning('It makes the random numbers of all scripts foreseeable'),
  'decimal.setcontext': info('It may change how others round'),
  'gc.disable': warning('Nobody collects the garbage of the others'),
};

/** What a call changes for the whole process, whatever the interpreter. */
const OF_PROCESS: Readonly<Record<string, Meaning>> = {
  'locale.setlocale': warning('Numbers, dates and sorting change for all interpreters of the process'),
  'time.tzset': warning('The time zone is that of the whole process: the last call wins'),
  'os.chdir': warning('Relative paths of all interpreters change their meaning'),
  'os.umask': warning('The files of all interpreters get other permissions'),
  'os.nice': info('The whole process becomes slower'),
  'os.setuid': warning('The whole process changes its user'),
  'os.setgid': warning('The whole process changes its group'),
  'signal.signal': info(
    'mod_wsgi ignores it (WSGIRestrictSignal); where allowed, it takes signals from the whole process',
  ),
  'signal.alarm': warning('The signal comes to the whole process'),
  'resource.setrlimit': warning('The limit is that of the whole process'),
  'threading.stack_size': info('Threads of all scripts get that stack'),
  'sys.setswitchinterval': info('It counts for all threads of the process'),
  'multiprocessing.set_start_method': warning('It can be called once; the second script gets an error'),
  'faulthandler.enable': info('It takes the signals of crashes for the whole process'),
};

export const importSideEffect: Rule = {
  id: 'import-side-effect',
  title: 'Calls at import that change what other scripts share',
  find: (census) =>
    census.processes.flatMap((process) => [
      ...process.interpreters.flatMap((interpreter) =>
        effectsOf(census, process, {
          scripts: interpreter.scripts,
          table: OF_INTERPRETER,
          where: `${interpreterName(interpreter)} of ${processName(process)}`,
          key: keyOf(interpreter),
        }),
      ),
      ...effectsOf(census, process, {
        scripts: scriptsOf(process),
        table: OF_PROCESS,
        where: processName(process),
        key: process.processGroup,
      }),
    ]),
};

function warning(why: string): Meaning {
  return { severity: 'warning', why };
}

function info(why: string): Meaning {
  return { severity: 'info', why };
}

function keyOf({ applicationGroup, placements }: Interpreter): string {
  return `${applicationGroup} ${placements[0]?.mount.id}`;
}

type Use = { readonly script: string; readonly effect: Effect };

type Shared = {
  readonly scripts: readonly string[];
  readonly table: Readonly<Record<string, Meaning>>;
  readonly where: string;
  readonly key: string;
};

/** One finding for each call by name: alone in its interpreter or process, a script harms nobody. */
function effectsOf(census: Census, process: Process, { scripts, table, where, key }: Shared): Finding[] {
  if (scripts.length < 2) return [];
  const found = new Map<string, Use[]>();
  for (const script of scripts) {
    for (const effect of analysisOf(census, process, script)?.effects ?? []) {
      if (!Object.hasOwn(table, effect.effect)) continue;
      gather(found, effect.effect, { script, effect });
    }
  }
  return Array.from(found, ([name, list]) => {
    const meaning = table[name] as Meaning;
    const callers = [...new Set(list.map(({ script }) => script))];
    const [first, ...others] = list;
    return {
      id: 'import-side-effect',
      severity: meaning.severity,
      ...(first === undefined ? {} : { position: { file: first.effect.file, line: first.effect.line } }),
      related: others.slice(0, 10).map(({ script, effect: { file, line } }) => ({
        position: { file, line },
        message: `"${script}" does so too`,
      })),
      message: `${listNames(callers)} ${callers.length === 1 ? 'does' : 'do'} ${name} at import, and ${where} is shared by ${scripts.length} scripts`,
      why: meaning.why,
      advice:
        'Give the script a process of its own ("isolation: per-script" here), or do it where only the application itself is concerned',
      subject: `${key} ${name}`,
    };
  });
}
