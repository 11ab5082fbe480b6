/** The machine's time is set in the middle of what a worker waits for: its scripts put another time.time() in the place of the real one. */
import { once } from 'node:events';
import { statSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSocket } from '../support/raw-http.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { describeEachPython } from './each-python.ts';
import { startWorker, type Worker } from './worker.ts';

/** `/set?SECONDS` moves the time; `/stopping?SECONDS` does so while the process stops, and `/endless?SECONDS` has no end then. */
const SCRIPT = `
import os, time
real = time.time
def set_time(seconds):
    time.time = lambda: real() + float(seconds)
def application(environ, start_response):
    write = start_response('200 OK', [('Content-Type', 'text/plain')])
    if environ['PATH_INFO'] != '/set':
        write(b'begun ')
        while not os.path.exists(__file__ + '.stopping'):
            time.sleep(0.01)
    set_time(environ['QUERY_STRING'])
    while environ['PATH_INFO'] == '/endless':
        time.sleep(0.01)
    # The worker looks some twenty times meanwhile.
    time.sleep(0.1)
    return [b'done']
`;
const RESTING = `
import os
if not os.path.exists(__file__ + '.mended'):
    raise RuntimeError('not yet')
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'mended']
`;
const HOUR = 3600;
/** 2.7 alone has another clock. */
const TELLING = ['2.7', '3.6', '3.13'];

let folder: TemporaryFolder;
let worker: Worker | undefined;

beforeEach(() => {
  folder = makeTemporaryFolder('set-time-');
});

afterEach(async () => {
  // Its own end is what may fail.
  worker?.signal('SIGKILL');
  await worker?.exited;
  worker = undefined;
  folder.remove();
});

describeEachPython('a worker on a machine whose time is set', (python) => {
  const isTelling = TELLING.includes(python.version);

  /** Sets the time when the process has said that it stops; what its client reads until the end of the connection. */
  const stopDuring = async (path: string, shutdownTimeout: number): Promise<string> => {
    worker = await startWorker(python, { shutdownTimeout });
    const file = folder.write('app.wsgi', SCRIPT);
    const socket = openSocket({ socketPath: worker.socketPath });
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
    });
    const begun = once(socket, 'data');
    const ended = once(socket, 'close').then(() => text);
    socket.write(worker.head(file, path));
    await begun;
    worker.signal('SIGTERM');
    await worker.waitForEvent(({ event }) => event === 'stopping');
    folder.write('app.wsgi.stopping', '');
    return await ended;
  };

  it.runIf(isTelling)('finishes what is under way when it is told to end', async () => {
    expect(await stopDuring(`/stopping?${HOUR}`, 10)).toContain('done');
    expect(await worker?.exited).toMatchObject({ code: 0 });
  });

  it.runIf(isTelling)('ends when its shutdown-timeout is over', async () => {
    await stopDuring(`/endless?-${HOUR}`, 1);
    expect(await worker?.exited).toMatchObject({ code: 0 });
  });

  it.runIf(isTelling)('runs a text again that has failed', async () => {
    worker = await startWorker(python);
    const file = folder.write('resting.wsgi', RESTING);
    expect((await worker.request(file)).status).toBe(500);
    await worker.request(folder.write('app.wsgi', SCRIPT), `/set?-${HOUR}`);
    folder.write('resting.wsgi.mended', '');
    let answer = await worker.request(file);
    while (answer.status === 500) answer = await worker.request(file);
    expect(answer.text()).toBe('mended');
  });

  it.runIf(isTelling)('looks whether a script has changed', async () => {
    worker = await startWorker(python, { mode: 'daemon', processGroup: 'pool' });
    const file = folder.write('app.wsgi', SCRIPT);
    // The first one loads it, the second one is the first that looks.
    for (const seconds of [0, 0, -HOUR]) await worker.request(file, `/set?${seconds}`);
    const { atime, mtime } = statSync(file);
    utimesSync(file, atime, new Date(mtime.getTime() + 10_000));
    await worker.request(file, `/set?-${HOUR}`);
    expect(await worker.waitForEvent(({ event }) => event === 'stale')).toMatchObject({ script: file });
  });
});
