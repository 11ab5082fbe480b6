/**
 * What is known while a configuration is being read, and where the next line comes from. Apache executes some
 * directives while it reads (Define, Include, LoadModule, Macro, …: `EXEC_ON_READ`), so reading has a state; it lives
 * in one `Reading` per `loadConfiguration` call and nowhere else.
 */
import type { Diagnostic } from './diagnostic.ts';
import type { SourcePosition } from './directive.ts';
import type { FileReader } from './file-reader.ts';
import { type LineReader, type LogicalLine, nextLine, readerOf, trimSpace } from './lexer.ts';
import type { LoadedModule } from './modules.ts';

/** A configuration file that was read. `position` is the Include that named it; the first file has none. */
export type IncludedFile = {
  readonly file: string;
  readonly position?: SourcePosition;
  /** How many Includes deep; 0 for the first file. */
  readonly depth: number;
};

/** The state of one reading. */
export type Reading = {
  readonly reader: FileReader;
  readonly environment: ReadonlyMap<string, string>;
  /** Names that `<IfDefine>` knows, case-sensitive. */
  readonly defines: Set<string>;
  /** Values of `Define NAME VALUE` by lower-case name: Apache keeps them in a table without case. */
  readonly variables: Map<string, string>;
  /** Loaded modules by symbol, e.g. `wsgi_module`. */
  readonly modules: Map<string, LoadedModule>;
  /** Macros by lower-case name. */
  readonly macros: Map<string, Macro>;
  readonly diagnostics: Diagnostic[];
  readonly includes: IncludedFile[];
  readonly serverVersion: readonly number[];
  serverRoot: string;
  includeDepth: number;
  /** Set when going on would be endless. */
  isAborted: boolean;
};

/** A file, or the body of a macro in use, that lines are taken from. */
export type Source = {
  /** Apache's name of it: a path, or `macro 'x' (defined on …) used on …`. */
  readonly name: string;
  readonly lines: LineReader;
  readonly positionOf: (line: number) => SourcePosition;
  readonly uses?: readonly SourcePosition[];
};

/** A file and the macros in use within it, innermost last. */
export type Stream = { readonly sources: Source[] };

/** A logical line with its place. */
export type SourceLine = {
  readonly text: string;
  readonly position: SourcePosition;
  readonly reported: SourcePosition;
  readonly uses?: readonly SourcePosition[];
};

/** A macro's definition. */
export type Macro = {
  /** In lower case. */
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: readonly SourceLine[];
  /** Apache's words for the place: `defined on line 3 of "/etc/…"`. */
  readonly location: string;
};

/** The stream of a file's text. */
export function streamOf(file: string, text: string): Stream {
  return { sources: [{ name: file, lines: readerOf(text), positionOf: (line) => ({ file, line }) }] };
}

/**
 * The next line; when a macro's body is used up, reading goes on behind its `Use`, even within a line: a value may end
 * in the backslash that joins the next line.
 */
export function nextSourceLine(stream: Stream): SourceLine | undefined {
  let begun: SourceLine | undefined;
  for (let source = stream.sources.at(-1); source !== undefined; source = stream.sources.at(-1)) {
    const line = nextLine(source.lines, begun?.text);
    if (line !== undefined) {
      const whole = sourceLineOf(source, line, begun);
      if (!line.isOpen) return whole;
      begun = whole;
    }
    stream.sources.pop();
  }
  return begun === undefined ? undefined : { ...begun, text: trimSpace(begun.text) };
}

function sourceLineOf(source: Source, line: LogicalLine, begun: SourceLine | undefined): SourceLine {
  const position = begun?.position ?? source.positionOf(line.first);
  const isPlain = begun === undefined && source.uses === undefined && line.first === line.last;
  const reported = isPlain ? position : { file: source.name, line: line.last };
  const uses = begun === undefined ? source.uses : begun.uses;
  return { text: line.text, position, reported, ...(uses === undefined ? {} : { uses }) };
}

/** Adds a finding about a line. */
export function report(
  reading: Reading,
  line: { readonly position: SourcePosition },
  finding: Finding,
): void {
  reading.diagnostics.push({ position: line.position, ...finding });
}

/** A diagnostic without its position. */
export type Finding = Omit<Diagnostic, 'position'>;

/** The finding of something that Apache refuses to start with. */
export function syntaxError(directive: string, message: string, advice: string): Finding {
  return { severity: 'error', id: 'config-syntax', directive, message, advice };
}
