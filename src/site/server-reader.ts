/** Directives that count for the whole server: Python's settings, the numbers of Apache's processes. */
import type { Directive } from '../apache/directive.ts';
import { coreForms } from './core-forms.ts';
import type { PythonSettings, RequestLimits, ServerProcesses } from './model.ts';
import { splitPath } from './process-group.ts';
import { type Form, soleFlag, wordsOf } from './word-forms.ts';
import { wsgiForms } from './wsgi-forms.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The whole server while it is read. */
export type ServerDraft = {
  readonly python: Mutable<PythonSettings>;
  readonly processes: Mutable<ServerProcesses>;
  readonly requestLimits: Mutable<RequestLimits>;
};

/** A server of which nothing has been read. */
export function emptyServer(modules: ReadonlySet<string>): ServerDraft {
  const mpm = (['prefork', 'worker', 'event'] as const).find((name) => modules.has(`mpm_${name}_module`));
  return {
    python: {
      pythonPath: [],
      warnings: [],
      dontWriteBytecode: false,
      restrictEmbedded: false,
      restrictSignal: true,
      restrictStdin: false,
      restrictStdout: false,
      caseSensitive: true,
    },
    processes: { mpm },
    requestLimits: {},
  };
}

type ServerReader = (server: ServerDraft, directive: Directive) => void;

const readers: Readonly<Record<string, ServerReader>> = {
  wsgipythonhome: ({ python }, { args }) => {
    python.pythonHome = args[0] ?? '';
  },
  wsgipythonpath: ({ python }, { args }) => {
    python.pythonPath = splitPath(args[0] ?? '');
  },
  wsgipythonoptimize: ({ python }, directive) => {
    // Beyond -OO nothing more is left out, and less than none is none (mod_wsgi `wsgi_python_init()`).
    python.optimize = String(Math.max(wordsOf(wsgiForms.wsgipythonoptimize, directive) ?? 0, 0));
  },
  wsgipythonhashseed: ({ python }, directive) => {
    const seed = wordsOf(wsgiForms.wsgipythonhashseed, directive);
    if (seed !== undefined) python.hashSeed = seed;
  },
  wsgipythonwarnings: ({ python }, { args }) => {
    python.warnings = [...python.warnings, args[0] ?? ''];
  },
  wsgipythoneggs: ({ python }, { args }) => {
    python.eggs = args[0] ?? '';
  },
  wsgidontwritebytecode: pythonFlag('dontWriteBytecode'),
  wsgirestrictembedded: pythonFlag('restrictEmbedded'),
  wsgirestrictsignal: pythonFlag('restrictSignal'),
  wsgirestrictstdin: pythonFlag('restrictStdin'),
  wsgirestrictstdout: pythonFlag('restrictStdout'),
  wsgicasesensitivity: pythonFlag('caseSensitive'),
  maxrequestworkers: readWorkers,
  maxclients: readWorkers,
  threadsperchild: ({ processes }, directive) => {
    processes.threadsPerChild = atLeastOne(wordsOf(coreForms.threadsperchild, directive));
  },
  limitrequestline: requestLimit('lineBytes', coreForms.limitrequestline),
  limitrequestfields: requestLimit('fields', coreForms.limitrequestfields),
  limitrequestfieldsize: requestLimit('fieldBytes', coreForms.limitrequestfieldsize),
  user: ({ processes }, { args }) => {
    processes.user = args[0] ?? '';
  },
  group: ({ processes }, { args }) => {
    processes.group = args[0] ?? '';
  },
};

function pythonFlag(
  key:
    | 'dontWriteBytecode'
    | 'restrictEmbedded'
    | 'restrictSignal'
    | 'restrictStdin'
    | 'restrictStdout'
    | 'caseSensitive',
): ServerReader {
  return ({ python }, directive) => {
    python[key] = wordsOf(soleFlag, directive) ?? python[key];
  };
}

function readWorkers({ processes }: ServerDraft, directive: Directive): void {
  processes.maxRequestWorkers = atLeastOne(wordsOf(coreForms.maxrequestworkers, directive));
}

/** Apache raises what is less (its MPMs: "increasing to 1"). */
function atLeastOne(count: number | undefined): number {
  return Math.max(count ?? 1, 1);
}

function requestLimit(key: keyof RequestLimits, form: Form<number>): ServerReader {
  return ({ requestLimits }, directive) => {
    const limit = wordsOf(form, directive);
    if (limit !== undefined) requestLimits[key] = limit;
  };
}

/** Takes a directive, or says that it is not one of these. */
export function readServerDirective(server: ServerDraft, directive: Directive): boolean {
  const reader = readers[directive.key];
  if (reader === undefined) return false;
  reader(server, directive);
  return true;
}
