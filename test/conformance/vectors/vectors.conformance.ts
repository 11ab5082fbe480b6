/** The tables of this folder against a live sidecar and a real application behind it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sidecar } from '../../support/sidecar.ts';
import { GUNICORN_INVALID } from './gunicorn-invalid.ts';
import { GUNICORN_VALID } from './gunicorn-valid.ts';
import { H1SPEC } from './h1spec.ts';
import { PROBE_FRAMING } from './http11probe-framing.ts';
import { PROBE_SYNTAX } from './http11probe-syntax.ts';
import { LLHTTP } from './llhttp.ts';
import { play, startRecorder } from './player.ts';
import { DIFFERENCES } from './vector.ts';

const TABLES = [GUNICORN_INVALID, GUNICORN_VALID, H1SPEC, LLHTTP, PROBE_FRAMING, PROBE_SYNTAX];

describe('the sidecar under the requests of others', () => {
  let sidecar: Sidecar;

  beforeAll(async () => {
    sidecar = await startRecorder();
  });
  afterAll(() => sidecar.stop());

  describe.each(TABLES)('$source', ({ vectors }) => {
    it.each(vectors)(
      '$name',
      async (vector) => {
        expect(await play(sidecar, vector)).toEqual(vector.outcome);
      },
      20_000,
    );
  });

  it('lives on', async () => {
    expect((await sidecar.get('wire.test', '/')).status).toBe(200);
  });
});

describe('the manual', () => {
  const manual = readFileSync(join(import.meta.dirname, '../../../MANUAL.md'), 'utf8');

  it('has a row for each difference, and no other', () => {
    const used = new Set(TABLES.flatMap(({ vectors }) => vectors.flatMap(({ differs }) => differs ?? [])));
    const section = /### What others ask of the wire\n(.*?)\n#/s.exec(manual)?.[1] ?? '';
    const rows = [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell]) => cell).slice(1);
    expect(rows).toEqual(Object.values(DIFFERENCES));
    expect([...used].sort()).toEqual(Object.keys(DIFFERENCES).sort());
  });
});
