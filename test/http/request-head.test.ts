import { describe, expect, it } from 'vitest';
import { isFault, readRequestHead, readRequestLine } from '../../src/http/request-head.ts';
import { fc, runs } from '../support/property.ts';

const codeOf = (reading: object): string | undefined => (isFault(reading) ? reading.code : undefined);

/** Any text of bytes, control characters often. */
const ANY = fc.string({
  unit: fc
    .oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xff }) },
      { weight: 1, arbitrary: fc.constantFrom(9, 10, 13, 32, 58) },
    )
    .map((code) => String.fromCharCode(code)),
  maxLength: 40,
});

describe('readRequestLine()', () => {
  it.each(['GET', 'get', 'GETS', 'M-SEARCH', 'FOO', 'PRI', 'X', "!#$%&'*+.^_`|~09", 'A'.repeat(99)])(
    'takes the method %s as it is',
    (method) => {
      const read = { method, target: '/a', majorVersion: 1, minorVersion: 1 };
      expect(readRequestLine(`${method} /a HTTP/1.1`)).toEqual(read);
    },
  );

  it.each([
    ['GET /a HTTP/1.0', 1, 0],
    ['GET /a HTTP/0.9', 0, 9],
    ['GET /a HTTP/1.2', 1, 2],
    ['GET /a HTTP/1.9', 1, 9],
    ['GET /a HTTP/2.0', 2, 0],
    ['GET /a', 0, 9],
  ])('reads the version of %j', (line, majorVersion, minorVersion) => {
    expect(readRequestLine(line)).toEqual({ method: 'GET', target: '/a', majorVersion, minorVersion });
  });

  it.each([
    ['', 'line'],
    [' ', 'line'],
    ['GET', 'line'],
    ['GET\t/ HTTP/1.1', 'line'],
    [' GET / HTTP/1.1', 'line'],
    ['GET ', 'blanks'],
    ['GET  / HTTP/1.1', 'blanks'],
    ['GET /  HTTP/1.1', 'blanks'],
    ['GET / \tHTTP/1.1', 'blanks'],
    ['GET /\tHTTP/1.1', 'target'],
    ['G\xe9T / HTTP/1.1', 'line'],
    ['G:T / HTTP/1.1', 'line'],
    ['FOO /', 'line'],
    ['GET /\x7f HTTP/1.1', 'target'],
    ['GET /\0 HTTP/1.1', 'target'],
    ['GET HTTP/1.1', 'line'],
    ['GET / ', 'protocol'],
    ['GET / HTTP/1.1 ', 'version'],
    ['GET / HTTP/1.1 HTTP/1.1', 'version'],
    ['GET /a b HTTP/1.1', 'protocol'],
    ['GET / http/1.1', 'protocol'],
    ['GET / HTTP', 'protocol'],
    ['GET / HTTP/2.1', 'version'],
    ['GET / HTTP/0.8', 'version'],
    ['GET / HTTP/1.10', 'version'],
    ['GET / HTTP/1.', 'version'],
    ['GET / HTTP/11', 'version'],
    ['GET / HTTP/3.0', 'version'],
    ['GET / XHTTP/1.1', 'protocol'],
    ['GET / RTSP/1.0', 'protocol'],
    ['PRI * HTTP/2.0', 'http2'],
    ['PRI /', 'line'],
  ])('refuses %j as %s', (line, code) => {
    expect(codeOf(readRequestLine(line))).toBe(code);
  });

  it('takes nothing but a method, a target and a version with one space between them', () => {
    const parts = fc.oneof(
      ANY,
      fc
        .tuple(
          fc.constantFrom('GET', 'get', 'POST', ''),
          ANY,
          fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/1.1 '),
        )
        .map((some) => some.join(' ')),
    );
    fc.assert(
      fc.property(parts, (line) => {
        const read = readRequestLine(line);
        if (isFault(read)) return;
        const { method, target, majorVersion, minorVersion } = read;
        const withVersion = `${method} ${target} HTTP/${majorVersion}.${minorVersion}`;
        expect([withVersion, `${method} ${target}`]).toContain(line);
        expect(method).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
        expect(target).toMatch(/^[!-~\x80-\xff]+$/);
      }),
      runs(1_000),
    );
  });
});

describe('readRequestHead()', () => {
  it('reads names as they came, and values without the blanks around them', () => {
    const text = 'GET / HTTP/1.1\r\nhOST:a\r\nX-B: \t b c\t \r\nX-B:\r\nX-C: \r\nx_d: :\xe9\x80';
    expect(readRequestHead(text)).toEqual({
      method: 'GET',
      target: '/',
      majorVersion: 1,
      minorVersion: 1,
      rawHeaders: ['hOST', 'a', 'X-B', 'b c', 'X-B', '', 'X-C', '', 'x_d', ':\xe9\x80'],
    });
  });

  it.each([
    ['a blank before a colon', 'A : b'],
    ['a folded line', 'A: b\r\n c'],
    ['a line folded by a tab', 'A: b\r\n\tc'],
    ['a first line that is folded', ' A: b'],
    ['no colon', 'A'],
    ['no colon before the next line', 'A\r\nB: c'],
    ['no name', ': b'],
    ['a name beyond ASCII', '\xc4: b'],
    ['a name with a separator', 'A(b): c'],
    ['an empty line within', 'A: b\r\n\r\nB: c'],
    ['a NUL', 'A: b\0'],
    ['a CR alone', 'A: b\rB: c'],
    ['two CRs', 'A: b\r\r\nB: c'],
    ['an LF alone', 'A: b\nB: c'],
    ['DEL', 'A: \x7f'],
    ['a CR at the end', 'A: b\r'],
  ])('refuses %s', (_, fields) => {
    expect(codeOf(readRequestHead(`GET / HTTP/1.1\r\n${fields}`))).toBe('field');
  });

  it('makes of any text what writes back to it, or a fault', () => {
    const start = 'GET / HTTP/1.1';
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            ANY,
            fc.tuple(fc.constantFrom('A', 'b-c'), ANY).map((two) => two.join(':')),
          ),
        ),
        (lines) => {
          const read = readRequestHead([start, ...lines].join('\r\n'));
          if (isFault(read)) return;
          const { rawHeaders } = read;
          const written = [];
          for (let i = 0; i < rawHeaders.length; i += 2) {
            expect(rawHeaders[i]).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
            expect(rawHeaders[i + 1]).toMatch(/^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/);
            written.push(`${rawHeaders[i]}:${rawHeaders[i + 1]}`);
          }
          const lean = lines
            .flatMap((line) => line.split('\r\n'))
            .map((line) => line.replace(/:[ \t]*(.*?)[ \t]*$/, ':$1'));
          // One empty line at the very end is that of the caller.
          expect(written).toEqual(
            lean.at(-1) === '' && lean.length > written.length ? lean.slice(0, -1) : lean,
          );
        },
      ),
      runs(1_000),
    );
  });
});
