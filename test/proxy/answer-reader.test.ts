/** Answers of group processes, read from bytes that come in any pieces. */

import { describe, expect, it } from 'vitest';
import { AnswerReader } from '../../src/proxy/answer-reader.ts';
import { fc, runs } from '../support/property.ts';

type Read = {
  readonly interims: readonly number[];
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly string[];
  readonly body: string;
  readonly ends: number;
  readonly mayStay: boolean;
};

/** What a reader tells of an answer to `method` that comes in these pieces. */
function readAnswer(pieces: readonly Buffer[], method = 'GET'): Read {
  const interims: number[] = [];
  const told = { status: 0, reason: '', headers: [] as readonly string[], body: '', ends: 0 };
  const reader = new AnswerReader({
    interim: (status) => interims.push(status),
    head: ({ status, reason, fields }) => Object.assign(told, { status, reason, headers: fields.headers }),
    data: (bytes) => {
      told.body += bytes.toString('latin1');
    },
    end: () => {
      told.ends += 1;
    },
  });
  reader.expect(method);
  for (const piece of pieces) reader.read(piece);
  return { ...told, interims, mayStay: reader.mayStay };
}

const whole = (text: string, method?: string): Read => readAnswer([Buffer.from(text, 'latin1')], method);

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('AnswerReader', () => {
  const answers = [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello',
    'HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: a\r\n\r\n',
    'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX-Long: ${'a'.repeat(9000)}\r\nContent-Length: 3\r\n\r\nabc`,
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nConnection: close\r\n\r\n',
  ];

  it.each(answers)('reads the same whatever pieces it comes in: %#', (text) => {
    const expected = whole(text);
    expect(expected.ends).toBe(1);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        const bytes = Buffer.from(text, 'latin1');
        const cut = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
        // A socket gives no empty pieces.
        const pieces = cut.filter((piece) => piece.length > 0);
        expect(readAnswer(pieces)).toEqual(expected);
      }),
      runs(200),
    );
  });

  it('passes data without their chunks, and neither extensions nor trailers', () => {
    const read = whole(answers[1] ?? '');
    expect(read).toMatchObject({ status: 200, body: 'hello0123456789', mayStay: true });
    expect(read.headers).toEqual([]);
  });

  it('takes sizes of chunks that are padded', () => {
    const read = whole(`${CHUNKED}5  \r\nhello\r\n0   \r\n\r\n`);
    expect(read).toMatchObject({ status: 200, body: 'hello', ends: 1, mayStay: true });
  });

  it('tells interim answers before the final one', () => {
    expect(whole(answers[2] ?? '')).toMatchObject({ interims: [102, 103], status: 404 });
  });

  it('expects no body in answer to a HEAD', () => {
    expect(whole('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD')).toMatchObject({
      ends: 1,
      mayStay: true,
    });
  });

  it.each([
    ['its peer closes', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'],
    ['its peer speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['bytes stand behind the answer', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab'],
    ['bytes stand behind the last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx'],
    ['a HEAD is answered with a body', 'HTTP/1.1 204 No\r\n\r\nx'],
  ])('lets no other request use a connection where %s', (_why, text) => {
    expect(whole(text)).toMatchObject({ ends: 1, mayStay: false });
  });

  it.each([
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['no length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a coding that is not chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
    [
      'a coding named twice',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    ['another protocol', 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['no status line', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['no blank behind the version', 'HTTP/1.1x200 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['no status', 'HTTP/1.1 2x0 OK\r\n\r\n'],
    ['a line without a colon', 'HTTP/1.1 200 OK\r\nFolded: a\r\n b\r\n\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`],
    ['a chunk without size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n'],
    ['a chunk size of 2^56', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100000000000000\r\n'],
    ['a chunk size that a bare LF ends', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n'],
    ['a trailer that a bare LF ends', `${CHUNKED}0\r\nX: a\n\r\n`],
    ['an endless chunk extension', `${CHUNKED}1;${'x'.repeat(20_000)}\r\n`],
    ['endless trailers', `${CHUNKED}0\r\n${`X: ${'a'.repeat(1000)}\r\n`.repeat(20)}\r\n`],
    ['a trailer that frames it anew', `${CHUNKED}0\r\nContent-Length: 3\r\n\r\n`],
    ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n'],
  ])('refuses an answer with %s', (_what, text) => {
    expect(() => whole(text)).toThrow(expect.objectContaining({ code: 'ERR_UPSTREAM_INVALID' }));
  });

  it('takes the end of the connection for the end of an answer that has neither length nor chunks', () => {
    const ends: string[] = [];
    const silent = (): void => undefined;
    const reader = new AnswerReader({
      interim: silent,
      head: silent,
      data: silent,
      end: () => ends.push('end'),
    });
    reader.expect('GET');
    reader.read(Buffer.from('HTTP/1.1 200 OK\r\n\r\nabc'));
    expect([reader.endOfInput(), ends, reader.mayStay]).toEqual([true, ['end'], false]);
  });
});
