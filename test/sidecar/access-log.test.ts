import { describe, expect, it } from 'vitest';
import { createLogTo } from '../../src/log.ts';
import type { Observation } from '../../src/proxy/observation.ts';
import { createAccessLine } from '../../src/sidecar/access-log.ts';
import { fc } from '../support/property.ts';

const least: Observation = {
  requestId: 'a1-1',
  method: 'GET',
  host: 'www.example.com',
  target: '/path?secret',
  status: 200,
  arm: 'own',
  durationSeconds: 0.0123456,
  requestBytes: 0,
  responseBytes: 30,
  aborted: false,
};

function lineOf(seen: Observation, showsQuery = true): string {
  return createAccessLine(showsQuery)(seen);
}

describe('createAccessLine()', () => {
  it('writes what is known of a request, times in milliseconds', () => {
    const line = lineOf({
      ...least,
      arm: 'sidecar',
      mount: 'www.example.com:/k\xc3\xa4se',
      pid: 4711,
      reason: 'client_gone',
      retries: 1,
      identity: { processGroup: '', applicationGroup: 'gr\xc3\xb6\xc3\x9fe' },
      queuedSeconds: 0.002,
      upstreamSeconds: 0.01,
      aborted: true,
    });
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/),
      request_id: 'a1-1',
      method: 'GET',
      host: 'www.example.com',
      target: '/path?secret',
      status: 200,
      arm: 'sidecar',
      mount: 'www.example.com:/käse',
      pid: 4711,
      reason: 'client_gone',
      retries: 1,
      process_group: '%{GLOBAL}',
      application_group: 'größe',
      duration_ms: 12.346,
      queued_ms: 2,
      upstream_ms: 10,
      request_bytes: 0,
      response_bytes: 30,
      aborted: true,
      msg: 'request',
    });
  });

  it('leaves out what is not known', () => {
    const names =
      'level time request_id method host target status arm duration_ms request_bytes response_bytes msg';
    expect(Object.keys(JSON.parse(lineOf(least)) as object)).toEqual(names.split(' '));
  });

  it('hides the query unless it is asked for', () => {
    expect(JSON.parse(lineOf(least, false))).toMatchObject({ target: '/path?…' });
  });

  it.each([
    ['a quote and a backslash', '/"\\', '/"\\'],
    ['control characters', '/\x00\x1b[2J\n\x7f', '/\x00\x1b[2J\n\x7f'],
    ['bytes beyond ASCII', '/\xfc\xc3\xbc\x9b31m%FC?\x80', '/%FC%C3%BC%9B31m%FC?%80'],
  ])('writes %s as the log does', (_, target, shown) => {
    const line = lineOf({ ...least, target });
    const logged: string[] = [];
    createLogTo({ write: (one) => void logged.push(one) }, { level: 'info', showsQuery: true }).info(
      { target },
      '',
    );
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect((JSON.parse(line) as { target: string }).target).toBe(shown);
    expect((JSON.parse(logged[0] as string) as { target: string }).target).toBe(shown);
  });

  it('makes each line as if it were the first, whatever was in the ones before', () => {
    const identities = [
      undefined,
      { processGroup: 'a', applicationGroup: '' },
      { processGroup: 'b', applicationGroup: 'x' },
    ];
    const one = fc.record({
      method: fc.constantFrom('GET', 'POST'),
      host: fc.constantFrom('a', 'b"', ''),
      status: fc.constantFrom(200, 404),
      arm: fc.constantFrom('sidecar' as const, 'legacy' as const),
      identity: fc.constantFrom(...identities),
      mount: fc.constantFrom(undefined, 'a:/', 'a:/b'),
      pid: fc.constantFrom(undefined, 1, 2),
      reason: fc.constantFrom(undefined, 'client_gone'),
      retries: fc.constantFrom(undefined, 1),
      durationSeconds: fc.double({ min: 0, max: 1e4, noNaN: true }),
      queuedSeconds: fc.option(fc.double({ min: 0, max: 1e4, noNaN: true }), { nil: undefined }),
      aborted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 2, maxLength: 20 }), (requests) => {
        const lineInTurn = createAccessLine(true);
        for (const request of requests) {
          const seen = { ...least, ...request };
          const { time: _, ...members } = JSON.parse(lineInTurn(seen)) as Record<string, unknown>;
          const { time: __, ...alone } = JSON.parse(lineOf(seen)) as Record<string, unknown>;
          expect(members).toEqual(alone);
          expect(members.duration_ms).toBe(Math.round(request.durationSeconds * 1e6) / 1000);
        }
      }),
    );
  });
});
