/** Answers of applications: framing, what PEP 3333 lets them do, and what becomes of what it does not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../support/raw-http.ts';
import { describeEachPython } from './each-python.ts';
import { fixture, startWorker, type Worker } from './worker.ts';

type Shape = readonly [law: string, path: string, end: Answer['end'], body: string];

const SHAPES: readonly Shape[] = [
  ['gives an empty list the length 0', '/empty_list', 'length', ''],
  ['joins a short list of blocks', '/two_blocks', 'length', 'one two'],
  ['sends large blocks one by one', '/large_blocks', 'chunked', 'x'.repeat(40000) + 'y'.repeat(40000)],
  ['sends what write() is given, before what is returned', '/written', 'chunked', 'one two three'],
  ['keeps the length that the application announced', '/announced', 'length', 'one two'],
  ['cuts off what exceeds the announced length', '/too_long', 'length', 'one t'],
  ['cuts off what exceeds the announced length in one block', '/too_long_at_once', 'length', 'one t'],
  ['shows an answer shorter than announced as cut', '/too_short', 'cut', 'one two'],
  ['sends no body with 204', '/no_content', 'none', ''],
  ['sends no body with 304', '/not_modified', 'none', ''],
  ['keeps hop-by-hop headers to itself', '/hop_by_hop', 'length', 'one'],
  ['lets start_response replace a head that has not left', '/restarted', 'length', 'one'],
  ['waits with the head for the first block', '/late_start', 'chunked', 'one'],
  ['lets exc_info replace a head that has not left', '/replaced', 'length', 'replaced'],
];

const FAULTS: readonly string[] = [
  'str_body',
  'str_yielded',
  'no_iterable',
  'never_starts',
  'raises',
  'raises_after_start',
  'raises_at_first_block',
  'exits',
  'exits_at_first_block',
  'number_value',
  'number_name',
  'line_feed',
  'nul',
  'space_in_name',
  'empty_name',
  'list_as_header',
  'three_parts',
  'tuple_of_headers',
  'bad_length',
  'word_status',
  'bare_status',
  'number_status',
  'split_status',
  'interim_status',
  'long_status',
];

describeEachPython('an answer', (python) => {
  let worker: Worker;
  beforeAll(async () => {
    worker = await startWorker(python);
  });
  afterAll(() => worker.stop());

  it('frames a single block by its length', async () => {
    const answer = await worker.request(fixture('hello'));
    expect(answer.header('content-length')).toBe('12');
    expect([answer.status, answer.end, answer.text()]).toEqual([200, 'length', 'Hello World\n']);
  });

  it('frames a generator in chunks and drops its empty blocks', async () => {
    const answer = await worker.request(fixture('streams'));
    expect([answer.status, answer.end, answer.text()]).toEqual([200, 'chunked', 'one two']);
  });

  it.each(SHAPES)('%s', async (_law, path, end, body) => {
    const answer = await worker.request(fixture('shapes'), path);
    expect([answer.end, answer.text()]).toEqual([end, body]);
  });

  it('tells a wrong header as it is, not as an error that came of another', async () => {
    await worker.request(fixture('faults'), '/number_value');
    const log = await worker.waitForLog('expected native string in header');
    expect(log).not.toContain('During handling of the above exception');
  });

  it('gives status and headers of the application, byte for byte', async () => {
    const latin = await worker.request(fixture('shapes'), '/latin');
    expect([latin.reason, latin.header('x-latin')]).toEqual(['Tr\u00e8s bien', '\u00e9']);
    const replaced = await worker.request(fixture('shapes'), '/replaced');
    expect(replaced.status).toBe(503);
    const noContent = await worker.request(fixture('shapes'), '/no_content');
    expect([noContent.status, noContent.header('content-length')]).toEqual([204, undefined]);
    const lengths = (await worker.request(fixture('shapes'), '/two_lengths')).headers.filter(
      ([name]) => name.toLowerCase() === 'content-length',
    );
    expect(lengths).toEqual([['Content-Length', '3']]);
    const bare = await worker.request(fixture('shapes'), '/hop_by_hop');
    expect([bare.header('transfer-encoding'), bare.header('keep-alive')]).toEqual([undefined, undefined]);
  });

  it('answers HEAD with the head of GET', async () => {
    const bytes = worker.head(fixture('hello'), '/', { method: 'HEAD' });
    const both = `${bytes}${worker.head(fixture('hello'))}`;
    const head = await worker.exchange(both, 'HEAD');
    expect([head.status, head.header('content-length')]).toEqual([200, '12']);
    const streamed = await worker.request(fixture('streams'), '/', { method: 'HEAD' });
    expect([streamed.status, streamed.header('transfer-encoding')]).toEqual([200, undefined]);
  });

  it('ends an answer to HTTP/1.0 by its length or with the connection', async () => {
    const known = await worker.request(fixture('hello'), '/', { minorVersion: 0 });
    expect([known.end, known.text()]).toEqual(['length', 'Hello World\n']);
    const streamed = await worker.request(fixture('streams'), '/', { minorVersion: 0 });
    expect([streamed.end, streamed.text()]).toEqual(['close', 'one two']);
  });

  it.each(FAULTS)('answers 500 and tells nothing when an application goes wrong: %s', async (fault) => {
    const answer = await worker.request(fixture('faults'), `/${fault}`);
    expect([answer.status, answer.header('x-sidecar-outcome'), answer.end]).toEqual([
      500,
      'app-error',
      'length',
    ]);
    expect(answer.text()).toBe('500 Internal Server Error\n');
    expect(answer.headers.map(([name]) => name.toLowerCase())).toEqual([
      'content-type',
      'x-sidecar-outcome',
      'content-length',
      'connection',
    ]);
  });

  it('writes the traceback of an application to the log', async () => {
    await worker.request(fixture('faults'), '/raises');
    expect(await worker.waitForLog('ValueError: a secret')).toContain('faults.py');
  });

  describe('when the application dies after the first bytes', () => {
    it.each([
      ['in chunks', '/chunked'],
      ['of an announced length', '/announced'],
      ['and start_response gets exc_info', '/restarted'],
      ['and start_response gets no exc_info', '/restarted_plainly'],
    ])('shows the answer as cut: %s', async (_how, path) => {
      const answer = await worker.request(fixture('dies_mid_body'), path);
      expect([answer.status, answer.end, answer.text()]).toEqual([200, 'cut', 'one']);
    });

    it('leaves an answer whole that had all its bytes', async () => {
      const answer = await worker.request(fixture('dies_mid_body'), '/complete');
      expect([answer.status, answer.end, answer.text()]).toEqual([200, 'length', 'one']);
    });
  });
});
