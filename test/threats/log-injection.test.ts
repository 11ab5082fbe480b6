/** What clients and applications say forges no line of the log, moves no cursor, and leaves no credentials there. */
import { describe, expect, it } from 'vitest';
import { createLogTo, textOf } from '../../src/log.ts';

const EVIL = '\u001b[2J\u009b31m\r\n12:00:00.000 INFO  Sidecar is ready';

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
});
