/** Runs a program of the tests to its end: its status is the exit status, 2 where it failed itself. */
export async function runMain(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}

/** A line for who watches; standard output is the program's result. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
