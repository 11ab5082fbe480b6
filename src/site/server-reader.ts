/** Directives that count for the whole server: Python's settings, the numbers of Apache's processes. */
import type { Directive } from '../apache/directive.ts';
import type { PythonSettings, RequestLimits, ServerProcesses } from './model.ts';
import { splitPath } from './process-group.ts';

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

type ServerReader = (server: ServerDraft, word: string, directive: Directive) => void;

const isOn = (word: string): boolean => word.toLowerCase() === 'on';

const readers: Readonly<Record<string, ServerReader>> = {
  wsgipythonhome: ({ python }, word) => {
    python.pythonHome = word;
  },
  wsgipythonpath: ({ python }, word) => {
    python.pythonPath = splitPath(word);
  },
  wsgipythonoptimize: ({ python }, word) => {
    python.optimize = word;
  },
  wsgipythonhashseed: ({ python }, word) => {
    python.hashSeed = word;
  },
  wsgipythonwarnings: ({ python }, word) => {
    python.warnings = [...python.warnings, word];
  },
  wsgipythoneggs: ({ python }, word) => {
    python.eggs = word;
  },
  wsgidontwritebytecode: ({ python }, word) => {
    python.dontWriteBytecode = isOn(word);
  },
  wsgirestrictembedded: ({ python }, word) => {
    python.restrictEmbedded = isOn(word);
  },
  wsgirestrictsignal: ({ python }, word) => {
    python.restrictSignal = isOn(word);
  },
  wsgirestrictstdin: ({ python }, word) => {
    python.restrictStdin = isOn(word);
  },
  wsgirestrictstdout: ({ python }, word) => {
    python.restrictStdout = isOn(word);
  },
  wsgicasesensitivity: ({ python }, word) => {
    python.caseSensitive = isOn(word);
  },
  maxrequestworkers: ({ processes }, word) => {
    processes.maxRequestWorkers = Number(word);
  },
  maxclients: ({ processes }, word) => {
    processes.maxRequestWorkers = Number(word);
  },
  threadsperchild: ({ processes }, word) => {
    processes.threadsPerChild = Number(word);
  },
  limitrequestline: ({ requestLimits }, word) => {
    requestLimits.lineBytes = Number(word);
  },
  limitrequestfields: ({ requestLimits }, word) => {
    requestLimits.fields = Number(word);
  },
  limitrequestfieldsize: ({ requestLimits }, word) => {
    requestLimits.fieldBytes = Number(word);
  },
  user: ({ processes }, word) => {
    processes.user = word;
  },
  group: ({ processes }, word) => {
    processes.group = word;
  },
};

/** Takes a directive, or says that it is not one of these. */
export function readServerDirective(server: ServerDraft, directive: Directive): boolean {
  const reader = readers[directive.key];
  if (reader === undefined) return false;
  reader(server, directive.args[0] ?? '', directive);
  return true;
}
