/**
 * `npm run conformance [-- FILTER… --seconds N --install]`: what others hold a server on a hostile network to, and fuzzing for N
 * seconds (60), with the bytes of the seed that `test/support/property.ts` says. Builds first, as `npm test` does.
 */
import { fileURLToPath } from 'node:url';
import { runToEnd } from './command.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const HELP = 'Usage: npm run conformance -- [FILTER…] [--seconds N] [--install]\n';

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const { seconds, rest } = takeSeconds(words);
  if (words.includes('--help') || seconds === undefined) {
    process.stdout.write(HELP);
    return words.includes('--help') ? 0 : 2;
  }
  const status = await runToEnd(['npm', 'run', '--silent', 'build'], { cwd: ROOT });
  if (status !== 0) return status;
  process.env.FUZZ_SECONDS = seconds;
  const { runSuites } = await import('./session.ts');
  const { CONFORMANCE_SUITES } = await import('./suites.ts');
  return runSuites(rest, { suites: CONFORMANCE_SUITES, config: 'vitest.conformance.config.ts' });
}

/** Undefined where the number is none. */
function takeSeconds(words: readonly string[]): {
  readonly seconds: string | undefined;
  readonly rest: readonly string[];
} {
  const at = words.indexOf('--seconds');
  if (at < 0) return { seconds: '60', rest: words };
  const seconds = words[at + 1] ?? '';
  return {
    seconds: /^[1-9][0-9]*$/.test(seconds) ? seconds : undefined,
    rest: words.filter((_, i) => i !== at && i !== at + 1),
  };
}
