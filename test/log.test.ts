import { openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createLog, createLogTo, groupFields, type Log } from '../src/log.ts';

function record(): { readonly log: Log; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = createLogTo({ write: (line) => void lines.push(JSON.parse(line)) }, { level: 'info' });
  return { log, lines };
}

describe('createLog()', () => {
  it('outlives a disk that is full', async () => {
    const fd = openSync('/dev/full', 'w');
    const log = createLog({ level: 'info', format: 'json', fd });
    const writeMuch = (): void => {
      for (let line = 0; line < 300; line += 1) log.info({ filler: 'x'.repeat(9_000) }, 'Something');
    };
    expect(writeMuch).not.toThrow();
    // What is written later fails later: an error that nobody hears would fail this run.
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(writeMuch).not.toThrow();
  });
});

describe('createLogTo()', () => {
  it('writes time, level and message, and no pid or host of its own', () => {
    const { log, lines } = record();
    log.warn({ group: '0123456789ab' }, 'Something');
    expect(lines).toEqual([
      { time: expect.stringMatching(/^\d{4}-.*Z$/), level: 'warn', group: '0123456789ab', msg: 'Something' },
    ]);
  });

  it('hides credentials wherever they stand', () => {
    const { log, lines } = record();
    const headers = { authorization: 'Basic c2VjcmV0', cookie: 'session=secret', 'set-cookie': 'a=secret' };
    log.info({ ...headers, request: { headers }, settings: { token: 'secret' } }, 'request');
    expect(JSON.stringify(lines)).not.toMatch(/secret|c2VjcmV0/);
  });

  it('gives every request id and failure one name', () => {
    const { log, lines } = record();
    log.error({ requestId: 'r1', code: 'ERR_QUEUE_FULL' }, 'Refused');
    expect(lines[0]).toMatchObject({ request_id: 'r1', code: 'ERR_QUEUE_FULL', reason: 'queue_full' });
  });

  it('names a mount as the configuration does', () => {
    const lines: string[] = [];
    const log = createLogTo({ write: (line) => void lines.push(line) }, { level: 'info' });
    log.info({ mount: 'www.test:/k\xc3\xa4se' }, 'a request');
    expect(JSON.parse(lines[0] as string)).toMatchObject({ mount: 'www.test:/käse' });
  });

  it('is silent below its level', () => {
    const { log, lines } = record();
    log.debug({}, 'Nothing');
    expect(lines).toEqual([]);
  });
});

describe('groupFields()', () => {
  it('writes the empty names as Apache does and the others as text', () => {
    const utf8 = Buffer.from('größe', 'utf8').toString('latin1');
    expect(groupFields({ processGroup: '', applicationGroup: utf8 })).toEqual({
      process_group: '%{GLOBAL}',
      application_group: 'größe',
    });
  });
});
