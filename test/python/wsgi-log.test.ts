/** What applications write: whole lines in the group's log, each with the request that wrote it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseOutputLine } from '../../src/groups/output-line.ts';
import { describeEachPython } from './each-python.ts';
import { fixture, startWorker, type Worker } from './worker.ts';

describeEachPython('the log', (python) => {
  let worker: Worker;
  beforeAll(async () => {
    worker = await startWorker(python, { threads: 8 });
  });
  afterAll(() => worker.stop());

  const write = async (way: string, id: string): Promise<number> => {
    const entries = { 'mod_wsgi.request_id': id };
    return (await worker.request(fixture('writes_log'), `/?${way}=${id}`, { entries })).status;
  };
  const linesOf = (id: string): string[] =>
    worker
      .log()
      .split('\n')
      .map(parseOutputLine)
      .filter(({ requestId }) => requestId === id)
      .map(({ text }) => text);

  it('has the request on each line, in whatever way it is written', async () => {
    expect(await write('every_way', 'r1')).toBe(200);
    await worker.waitForLog('r1 unfinished');
    const lines = linesOf('r1');
    for (const what of ['print', 'stderr', 'second', 'writelines', 'rest', 'unfinished'])
      expect(lines).toContain(`r1 ${what}`);
    expect(lines).toContain('INFO r1 logging');
    expect(lines).toContain('Traceback (most recent call last):');
    expect(lines).toContain('ValueError: r1');
    if (!python.isTwo)
      expect(lines).toEqual(expect.arrayContaining(['r1 buffer', 'r1 binary', 'r1 \\udcff日']));
  });

  it('has no request on what children and other threads write', async () => {
    await write('every_way', 'r2');
    await worker.waitForLog('r2 unfinished');
    const lines = (await worker.waitForLog('r2 thread')).split('\n');
    expect(lines).toEqual(expect.arrayContaining(['r2 descriptor', 'r2 thread']));
  });

  it('never mixes the lines of concurrent requests', async () => {
    const ids = Array.from({ length: 16 }, (_, index) => `c${index}`);
    expect(new Set(await Promise.all(ids.map((id) => write('in_pieces', id))))).toEqual(new Set([200]));
    for (const id of ids) {
      const last = [`${id} has printed`, `${id} has told`];
      for (const text of last) await worker.waitForLog(text);
      expect(linesOf(id)).toHaveLength(402);
      expect(new Set(linesOf(id))).toEqual(new Set([`${id} begins ends`, `${id} errs and on`, ...last]));
    }
  });

  it('tells a long line in pieces that all belong to their request', async () => {
    await write('long_line', 'r3');
    await worker.waitForLog('r3 has told');
    const pieces = linesOf('r3').slice(0, -1);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('')).toBe(`r3${'x'.repeat(20_000)}`);
  });

  it('has the request on the traceback of an application that raises', async () => {
    expect(await write('raises', 'r4')).toBe(500);
    await worker.waitForLog('RuntimeError: r4 raised');
    expect(linesOf('r4')).toEqual(expect.arrayContaining(['r4 before', 'RuntimeError: r4 raised']));
  });

  it('has the request on what is written while the answer is read', async () => {
    expect(await write('answers_late', 'r5')).toBe(200);
    await worker.waitForLog('r5 while answering');
    expect(linesOf('r5')).toEqual(['r5 while answering']);
  });
});
