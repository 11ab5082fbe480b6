/**
 * The recorded story (`test/vectors/s13-*`) through a running sidecar: each request, in the order in which the real
 * Apache got it, is answered by the interpreter and with the SITE_NAME that mod_wsgi gave it.
 */
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { exchange } from '../support/raw-http.ts';
import { type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const VECTORS = new URL('../vectors/', import.meta.url).pathname;

type Recorded = {
  readonly id: string;
  readonly requestLine: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly status: number;
  readonly applicationGroup: string;
  readonly processGroup: string;
  readonly scriptName: string;
  readonly siteName: string;
};

describe.each([
  's13-blog-embedded-global',
  's13-blog-embedded-server',
  's13-blog-embedded-resource',
  's13-blog-daemon',
])('%s', (name) => {
  let folder: TemporaryFolder | undefined;
  let sidecar: Sidecar | undefined;

  afterEach(async () => {
    await sidecar?.stop();
    folder?.remove();
  });

  it('is told by the sidecar as it was recorded', async () => {
    folder = layOut(name);
    // As mod_wsgi does it: whatever a client names becomes an interpreter.
    const settings = { unknownPort: 'admit', expandFromRequest: true };
    sidecar = await startSidecar({ apache: `${folder.path}/apache.conf`, as: '127.0.0.1:18080', settings });
    const told: unknown[] = [];
    const recorded = read(name);
    for (const request of recorded) told.push(await replay(sidecar, request));
    expect(told).toEqual(
      recorded.map(({ id, status, applicationGroup, processGroup, scriptName, siteName }) => {
        return { id, status, applicationGroup, processGroup, scriptName, siteName };
      }),
    );
  });
});

async function replay(sidecar: Sidecar, request: Recorded): Promise<unknown> {
  const headers = request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const answer = await exchange({ port: sidecar.port }, `${request.requestLine}\r\n${headers}\r\n`);
  const said = JSON.parse(answer.text()) as Readonly<Record<string, unknown>>;
  return {
    id: request.id,
    status: answer.status,
    applicationGroup: said['mod_wsgi.application_group'],
    processGroup: said['mod_wsgi.process_group'],
    scriptName: said.SCRIPT_NAME,
    siteName: said.site_name,
  };
}

function read(name: string): readonly Recorded[] {
  const text = readFileSync(join(VECTORS, name, 'requests.jsonl'), 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line) as Recorded);
}

function layOut(name: string): TemporaryFolder {
  const folder = makeTemporaryFolder();
  cpSync(join(VECTORS, name, 'root'), folder.path, { recursive: true });
  for (const missing of ['htdocs', 'run']) mkdirSync(join(folder.path, missing), { recursive: true });
  const conf = readFileSync(join(VECTORS, name, 'apache.conf'), 'utf8');
  folder.write('apache.conf', conf.replaceAll('@ROOT@', folder.path));
  return folder;
}
