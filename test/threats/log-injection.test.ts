/** What clients and applications say forges no line of the log, moves no cursor, and leaves no credentials there. */
import { describe, expect, it } from 'vitest';
import { createLogTo, textOf } from '../../src/log.ts';
import { createAccessLine } from '../../src/sidecar/access-log.ts';
import { noRouteOf, siteOf } from '../support/site-of.ts';

const EVIL = '\u001b[2J\u009b31m\r\n12:00:00.000 INFO  Sidecar is ready';

const SEEN = { requestId: 'a1-1', method: 'GET', host: '', status: 400, arm: 'own' } as const;
const NUMBERS = { durationSeconds: 0, requestBytes: 0, responseBytes: 0, aborted: false };

function writtenBy(write: (log: ReturnType<typeof createLogTo>) => void): string {
  let text = '';
  const stream = {
    write: (line: string) => {
      text += textOf(line);
    },
  };
  write(createLogTo(stream, { level: 'info' }));
  return text;
}

describe('a line of the log', () => {
  it.each([
    ['as its message', (log: ReturnType<typeof createLogTo>) => log.info({}, EVIL)],
    ['in a field', (log: ReturnType<typeof createLogTo>) => log.info({ host: EVIL }, 'request')],
  ])('stays one line without control characters when foreign text stands %s', (_, write) => {
    const text = writtenBy(write);
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text.trimEnd()).not.toMatch(/\p{Cc}/u);
  });

  it('stays one line as JSON', () => {
    const lines: string[] = [];
    createLogTo({ write: (line) => void lines.push(line) }, { level: 'info' }).info({ host: EVIL }, EVIL);
    expect(lines.join('').match(/\n/g)).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ host: EVIL, msg: EVIL });
  });

  it('shows no query unless it is asked to', () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    createLogTo(stream, { level: 'info' }).info({ target: '/a?token=secret' }, 'request');
    createLogTo(stream, { level: 'info', showsQuery: true }).info({ target: '/a?b=c' }, 'request');
    expect(lines.map((line) => JSON.parse(line).target)).toEqual(['/a?…', '/a?b=c']);
  });

  it.each([
    ['http://eve:secret@a/x', 'http://…@a/x'],
    ['https://secret@a/x?token=secret', 'https://…@a/x?…'],
    ['eve:secret@a:80', '…@a:80'],
    ['/x@y', '/x@y'],
    ['http://a/x@y', 'http://a/x@y'],
  ])('shows no user of a target: %s', (target, shown) => {
    const lines: string[] = [];
    createLogTo({ write: (line) => void lines.push(line) }, { level: 'info' }).info({ target }, 'request');
    lines.push(createAccessLine(false)({ ...SEEN, ...NUMBERS, target }));
    expect(lines.map((line) => JSON.parse(line).target)).toEqual([shown, shown]);
  });
});

describe('a target that is refused', () => {
  it.each(['/a?token=secret#fragment', 'http://a/?token=secret#fragment', 'http://eve:secret@a/'])(
    'is in no message: %s',
    (target) => {
      const route = noRouteOf(siteOf(''), 'http://a/', { target });
      expect(route.status).toBe(400);
      expect(route.message).not.toContain('secret');
    },
  );
});
