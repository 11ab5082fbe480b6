/** wsgiref.validate between worker and application finds nothing wrong with either. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEachPython } from './each-python.ts';
import { fixture, startWorker, type Worker, type WorkerRequest } from './worker.ts';

const CHUNKS = '6\r\none\ntw\r\na;x=y\r\no\nthree\nfo\r\n2\r\nur\r\n0\r\nX-Trailer: x\r\n\r\n';
const CHUNKED: WorkerRequest = {
  method: 'POST',
  headers: { 'Transfer-Encoding': 'chunked', 'Content-Type': 'text/plain' },
  body: CHUNKS,
};
const POSTED: WorkerRequest = {
  method: 'POST',
  headers: { 'Content-Type': 'x/y' },
  body: 'one\ntwo\nthree\nfour',
};

type Case = readonly [what: string, path: string, options: WorkerRequest, status: number, body: string];
const CASES: readonly Case[] = [
  ['GET', '/plain', {}, 200, 'plain'],
  ['HEAD', '/plain', { method: 'HEAD' }, 200, ''],
  ['GET without a body that is read', '/body', {}, 200, ''],
  ['POST', '/body', POSTED, 200, 'one\ntwo\nthree\nfour'],
  ['a chunked upload', '/body', CHUNKED, 200, 'one\ntwo\nthree\nfour'],
  ['a generator', '/generator', {}, 200, 'generator'],
  ['write()', '/written', {}, 200, 'written'],
  ['exc_info', '/exc_info', {}, 500, 'exc_info'],
  ['file_wrapper with a file in memory', '/wrapped_memory', {}, 200, 'wrapped_memory'],
  ['wsgi.errors', '/errors', {}, 200, 'errors'],
];

describeEachPython('wsgiref.validate', (python) => {
  let worker: Worker;
  beforeAll(async () => {
    worker = await startWorker(python);
  });
  afterAll(() => worker.stop());

  it.each(CASES)('finds nothing wrong: %s', async (_what, path, options, status, body) => {
    const answer = await worker.request(fixture('validated'), path, options);
    expect([answer.status, answer.text(), answer.header('x-sidecar-outcome')]).toEqual([
      status,
      body,
      undefined,
    ]);
  });

  it('finds nothing wrong with a file, nor anything to warn of', async () => {
    const answer = await worker.request(fixture('validated'), '/file_wrapper');
    expect(answer.text()).toContain('wsgiref.validate');
    await worker.request(fixture('validated'), '/errors');
    const log = await worker.waitForLog('to the log');
    expect(log).not.toMatch(/Warning|AssertionError|garbage collected/);
  });
});
