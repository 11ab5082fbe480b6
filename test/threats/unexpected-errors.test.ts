/** An error that nobody has caught, the last door through which one request could end all others. */
import { describe, expect, it } from 'vitest';
import { startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

/** Stands in for a fault that is not known yet: throws where nobody can catch it. */
const FAULT = `process.on('SIGWINCH', () => setImmediate(() => { throw new Error('stray fault'); }));
process.on('SIGURG', () => void Promise.reject(new Error('stray rejection')));
`;

describe('an error that nobody has caught', () => {
  it.each([
    ['SIGWINCH', 'stray fault'],
    ['SIGURG', 'stray rejection'],
  ] as const)('is told and counted, and ends nothing: %s', async (signal, message) => {
    const folder = makeTemporaryFolder();
    const fault = folder.write('fault.mjs', FAULT);
    const sidecar = await startSidecar({
      apache: folder.write('apache.conf', `Listen 80\nServerName local.test\nDocumentRoot ${folder.path}\n`),
      as: '*:80',
      environment: { NODE_OPTIONS: `--import ${fault}` },
    });
    try {
      process.kill(sidecar.process.pid, signal);
      await sidecar.process.waitForLine((line) => line.includes(message), 'the error');
      expect((await sidecar.get('local.test', '/')).status).toBe(403);
      const metrics = (await sidecar.ask('/metrics')).text();
      expect(metrics).toMatch(/^wsgi_sidecar_unexpected_errors_total 1$/m);
    } finally {
      await sidecar.stop();
      folder.remove();
    }
  });
});
