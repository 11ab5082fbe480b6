/** The command line in this very process, and what it says. */
import { runCli } from '../../src/cli/program.ts';

export type Told = { readonly code: number; readonly out: string; readonly err: string };

/** Runs a command with this environment, as version 1.2.3. */
export async function tellCli(
  words: readonly string[],
  environment: NodeJS.ProcessEnv = { PATH: process.env.PATH },
): Promise<Told> {
  let [out, err] = ['', ''];
  const code = await runCli([...words], {
    environment,
    print: (text) => {
      out += text;
    },
    complain: (text) => {
      err += text;
    },
    version: '1.2.3',
  });
  return { code, out, err };
}
