/** The manual's list of environ keys, held against the real mod_wsgi and the sidecar for the same requests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import type { Answer } from '../support/raw-http.ts';
import { besideApache } from './beside-apache.ts';
import { CONF, DUMP, request } from './environ-cases.ts';

/** How a key of mod_wsgi's fares here. */
type Verdict = 'same' | 'own' | 'different' | 'absent' | 'seldom';

type Environ = Readonly<Record<string, unknown>>;

/** The table under "Every key of the environ". */
function readList(): ReadonlyMap<string, Verdict> {
  const manual = readFileSync(join(packageRoot(), 'MANUAL.md'), 'utf8');
  const section = manual.split('**Every key of the environ**')[1]?.split('**Output.**')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.flatMap((row) => {
      const [, keys = '', verdict = ''] = row.split('|').map((cell) => cell.trim());
      return [...keys.matchAll(/`([^`]+)`/g)].map(([, key = '']) => [key, verdict as Verdict] as const);
    }),
  );
}

const list = readList();
/** By the key itself, or by the row of its prefix. */
const verdictOf = (key: string): Verdict | undefined =>
  list.get(key) ?? list.get(key.replace(/^([A-Z]+_)[A-Z_]+$/, '$1*'));

describe.each(['embedded', 'daemon'])('the list of environ keys, in %s mode', (mode) => {
  const beside = besideApache({
    conf: CONF.replaceAll(/ *SetEnv.*\n/g, ''),
    files: { 'apps/dump.wsgi': DUMP },
  });
  let expected: Environ;
  let actual: Environ;

  beforeAll(async () => {
    const headers = ['Content-Type: text/plain', 'Content-Length: 2', 'X-Some: 1'];
    const bytes = request(`POST /${mode}/path?query=1 HTTP/1.1`, headers, 'hi');
    const [there, here] = await beside.exchange(bytes);
    expected = environOf(there);
    actual = environOf(here);
  });

  it('has every key that either of the two shows', () => {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
    expect(keys.filter((key) => verdictOf(key) === undefined)).toEqual([]);
  });

  it('says of each key what is so', () => {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
    const stated = keys.map((key) => [key, verdictOf(key)]);
    expect(keys.map((key) => [key, observed(key, expected, actual, verdictOf(key))])).toEqual(stated);
  });

  it('has no key that neither shows, but for those that need more than a plain request', () => {
    const embeddedOnly = /^mod_wsgi\.(?:daemon_|queue_)/;
    const missing = [...list].filter(([key, verdict]) => {
      if (verdict === 'seldom' || key.endsWith('*') || (mode === 'embedded' && embeddedOnly.test(key)))
        return false;
      return !(key in expected) && !(key in actual);
    });
    expect(missing).toEqual([]);
  });
});

function environOf(answer: Answer): Environ {
  const { body: _, ...environ } = JSON.parse(answer.text()) as Environ;
  return environ;
}

/** `own` is a value that two servers or two moments cannot share: of one type in both. */
function observed(key: string, expected: Environ, actual: Environ, stated: Verdict | undefined): string {
  if (!(key in expected)) return 'only here';
  if (!(key in actual)) return 'absent';
  const [one, other] = [expected[key], actual[key]];
  if (stated === 'own' && typeof one === typeof other) return 'own';
  if (JSON.stringify(one) === JSON.stringify(other)) return 'same';
  return stated === 'different' ? 'different' : `${JSON.stringify(one)} is ${JSON.stringify(other)}`;
}
