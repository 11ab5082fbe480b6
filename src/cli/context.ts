/** What a command has of the world: handed in by `main.ts`, so that commands can be run without a process of their own. */
export type CliContext = {
  /** That of the process: `run` takes out of it what systemd has meant for this process alone. */
  readonly environment: Record<string, string | undefined>;
  /** Text for standard output, newline included. */
  readonly print: (text: string) => void;
  /** Text for standard error, newline included. */
  readonly complain: (text: string) => void;
  /** Of package.json. */
  readonly version: string;
};

/** Prints a value for programs, as one indented JSON document. */
export function printJson(context: CliContext, value: unknown): void {
  context.print(`${JSON.stringify(value, undefined, 2)}\n`);
}
