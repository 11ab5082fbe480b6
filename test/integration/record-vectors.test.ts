/** A scenario recorded anew on this machine is the recorded one. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { readRequests } from '../run/play-vectors.ts';
import { recordScenario } from '../run/record-vectors-scenario.ts';
import { reservePort } from '../support/port.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

it.each(['s12-rewrite', 's13-blog-daemon'])(
  'recordScenario() of %s writes down what was recorded',
  async (name) => {
    const folder = makeTemporaryFolder();
    try {
      cpSync(join(packageRoot(), 'test', 'vectors', name), folder.path, { recursive: true });
      const port = String(await reservePort());
      for (const file of ['apache.conf', 'requests.jsonl']) {
        const place = join(folder.path, file);
        writeFileSync(place, readFileSync(place, 'utf8').replaceAll('18080', port));
      }
      const withoutLog = (record: object): object => ({ ...record, errorLog: undefined });
      const records = await recordScenario(folder.path);
      expect(records.map(withoutLog)).toEqual(readRequests(folder.path).map(withoutLog));
    } finally {
      folder.remove();
    }
  },
);
