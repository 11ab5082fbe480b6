/** The same bytes to the sidecar, Apache, nginx and HAProxy: who lets what through. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASES, type Case } from './cases.ts';
import { type Made, send } from './client.ts';
import {
  type GardenServer,
  startApacheInGarden,
  startHaproxyInGarden,
  startNginxInGarden,
  startSidecarInGarden,
} from './servers.ts';

type Row = { readonly name: string; readonly made: readonly Made[] };

describe('the garden', () => {
  let servers: readonly GardenServer[] = [];
  let rows: readonly Row[] = [];

  beforeAll(async () => {
    servers = await Promise.all([
      startSidecarInGarden(),
      startApacheInGarden(),
      startNginxInGarden(),
      startHaproxyInGarden(),
    ]);
    // Each server has its own recorder, and takes one case after the other, so that it is known whose a request is.
    const columns = await Promise.all(servers.map((server) => playAll(server)));
    rows = CASES.map(({ name }, i) => ({ name, made: columns.map((column) => column[i] as Made) }));
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('has everybody let an ordinary request through', () => {
    const plain = rows.find(({ name }) => name === 'a plain request');
    expect(plain?.made.map(({ passed }) => passed.length)).toEqual([1, 1, 1, 1]);
  });

  it('has the sidecar let nothing through that two of the others refuse', () => {
    const lax = rows.filter(isLaxer).map(({ name }) => describeRow(rows, name));
    expect(lax).toEqual([]);
  });

  it('has the sidecar read bodies as at least one of the others does', () => {
    const alone = rows.filter(isAlone).map(({ name }) => describeRow(rows, name));
    expect(alone).toEqual([]);
  });

  it('tells what the sidecar refuses and two of the others let through', () => {
    const strict = rows.filter(isStricter).map(({ name }) => describeRow(rows, name));
    process.stdout.write(
      `\nRefused by the sidecar, let through by two of the others:\n${strict.join('\n')}\n`,
    );
  });
});

async function playAll(server: GardenServer): Promise<readonly Made[]> {
  const made: Made[] = [];
  for (const { pieces } of CASES as readonly Case[]) made.push(await send(server, pieces));
  return made;
}

/** Fewer requests of the same bytes come through two of the others. */
function isLaxer({ made: [sidecar, ...others] }: Row): boolean {
  return others.filter(({ passed }) => passed.length < (sidecar?.passed.length ?? 0)).length >= 2;
}

function isStricter({ made: [sidecar, ...others] }: Row): boolean {
  return others.filter(({ passed }) => passed.length > (sidecar?.passed.length ?? 0)).length >= 2;
}

/** What it lets through nobody else lets through with these methods and bodies. */
function isAlone({ made: [sidecar, ...others] }: Row): boolean {
  const told = others.map(({ passed }) => bodies(passed));
  return (
    sidecar !== undefined &&
    sidecar.passed.length > 0 &&
    !told.some((one) => one.startsWith(bodies(sidecar.passed)))
  );
}

function bodies(passed: Made['passed']): string {
  return passed.map(({ method, body }) => `${method} ${JSON.stringify(body)}\n`).join('');
}

function describeRow(rows: readonly Row[], name: string): string {
  const made = rows.find((row) => row.name === name)?.made ?? [];
  const told = made.map(({ passed, answers }) => `${passed.length} passed ${answers.join(' ') || '-'}`);
  return `${name}: ${told.join(' | ')}`;
}
