import { describe, expect, it } from 'vitest';
import { type AnswerStart, InvalidHead, renderHead } from '../../src/http/response-head.ts';
import { fc, runs } from '../support/property.ts';

const START: AnswerStart = {
  status: 200,
  phrase: 'OK',
  fields: [],
  method: 'GET',
  minorVersion: 1,
  isLast: false,
  endsByClose: false,
  keepAliveMs: 5_000,
};
const LENGTH = ['content-LENGTH', '5'];

const linesOf = (start: Partial<AnswerStart>): string[] =>
  renderHead({ ...START, ...start })
    .text.split('\r\n')
    .map((line) => line.replace(/^Date: .*/, 'Date'));

describe('renderHead()', () => {
  it('writes the status line, the fields as they are, and those of the connection', () => {
    expect(linesOf({ status: 404, phrase: 'Gone \xe9', fields: ['X-a', 'b', 'x-A', '\t\xff'] })).toEqual([
      'HTTP/1.1 404 Gone \xe9',
      'X-a: b',
      'x-A: \t\xff',
      'Date',
      'Connection: keep-alive',
      'Keep-Alive: timeout=5',
      'Transfer-Encoding: chunked',
      '',
      '',
    ]);
  });

  it('leaves a date that it was given, and adds the time of day where there is none', () => {
    expect(linesOf({ fields: ['dAtE', 'x', ...LENGTH] }).filter((line) => line === 'Date')).toEqual([]);
    const date = /\r\nDate: ([^\r]+)\r\n/.exec(renderHead(START).text)?.[1] ?? '';
    expect(new Date(date).toUTCString()).toBe(date);
    expect(Math.abs(Date.parse(date) - Date.now())).toBeLessThan(60_000);
  });

  it.each([
    ['GET', {}, 'chunked', false],
    ['a length', { fields: LENGTH }, 'length', false],
    ['HTTP/1.0', { minorVersion: 0 }, 'close', true],
    ['HTTP/1.0 with a length', { minorVersion: 0, fields: LENGTH }, 'length', false],
    ['an upstream that ends by close', { endsByClose: true }, 'close', true],
    ['one that ends by close, with a length', { endsByClose: true, fields: LENGTH }, 'length', false],
    ['HEAD', { method: 'HEAD' }, 'none', false],
    ['HEAD with a length', { method: 'HEAD', fields: LENGTH }, 'none', false],
    ['HEAD of HTTP/1.0', { method: 'HEAD', minorVersion: 0 }, 'none', false],
    ['HEAD that ends by close', { method: 'HEAD', endsByClose: true }, 'none', false],
    ['204', { status: 204 }, 'none', false],
    ['304', { status: 304 }, 'none', false],
    ['304 of HTTP/1.0 with a length', { status: 304, minorVersion: 0, fields: LENGTH }, 'none', false],
    ['the last one', { isLast: true }, 'chunked', true],
    ['the last one, with a length', { isLast: true, fields: LENGTH }, 'length', true],
    ['the last one without a body', { isLast: true, status: 204 }, 'none', true],
  ] as const)('frames %s', (_, start, framing, isLast) => {
    const head = renderHead({ ...START, ...start });
    expect(head).toMatchObject({ framing, isLast });
    expect(head.text.includes('\r\nTransfer-Encoding: chunked\r\n')).toBe(framing === 'chunked');
    expect(head.text.includes('\r\nConnection: close\r\n')).toBe(isLast);
    expect(head.text.includes('\r\nConnection: keep-alive\r\n')).toBe(!isLast);
    expect(head.text.includes('\r\nKeep-Alive: timeout=5\r\n')).toBe(!isLast);
    expect(head.text.endsWith('\r\n\r\n')).toBe(true);
  });

  it.each([
    [0, undefined],
    [999, undefined],
    [1_000, 'Keep-Alive: timeout=1'],
    [65_999, 'Keep-Alive: timeout=65'],
  ])('tells whole seconds of %i ms, and nothing of less', (keepAliveMs, line) => {
    const found = linesOf({ keepAliveMs }).find((text) => text.startsWith('Keep-Alive'));
    expect(found).toBe(line);
  });

  it('never writes more lines than it was given fields, whatever these are', () => {
    const text = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 6,
    });
    const likely = fc.oneof(
      { weight: 3, arbitrary: fc.stringMatching(/^[!-9;-~]{1,5}$/) },
      { weight: 1, arbitrary: text },
    );
    fc.assert(
      fc.property(likely, likely, likely, (phrase, name, value) => {
        const isRight =
          !/[^\t\x20-\x7e\x80-\xff]/.test(phrase + value) && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
        const render = (): string => renderHead({ ...START, phrase, fields: [name, value, ...LENGTH] }).text;
        if (!isRight) expect(render).toThrow(InvalidHead);
        else
          expect(
            render()
              .split(/[\r\n]+/)
              .slice(0, 2),
          ).toEqual([`HTTP/1.1 200 ${phrase}`, `${name}: ${value}`]);
      }),
      runs(300),
    );
  });
});
