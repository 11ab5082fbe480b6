/**
 * `npm test [-- FILTER… --install …]`: builds what is here now, then runs the suites. The rest is imported after the build,
 * so that what runs is what was built.
 */
import { fileURLToPath } from 'node:url';
import { runToEnd } from './command.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const status = await runToEnd(['npm', 'run', '--silent', 'build'], { cwd: ROOT });
if (status === 0) {
  const { runSuites } = await import('./session.ts');
  const { SUITES } = await import('./suites.ts');
  process.exitCode = await runSuites(process.argv.slice(2), { suites: SUITES });
} else {
  process.stdout.write('The build failed: see above\n0 passed, 1 failed\n');
  process.exitCode = 1;
}
