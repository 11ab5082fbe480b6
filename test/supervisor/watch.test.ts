import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigWatcher, type WatchedPlaces } from '../../src/supervisor/watch.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const SETTLE_MS = 20;

let folder: TemporaryFolder;
let watcher: ConfigWatcher | undefined;
let changes = 0;
let waiting: (() => void)[] = [];
const troubles: string[] = [];

beforeEach(() => {
  folder = makeTemporaryFolder();
  changes = 0;
  waiting = [];
});
afterEach(() => {
  watcher?.close();
  folder.remove();
});

const nextChange = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));

/** Watches, past the change that is told in any case. */
async function follow(places: Partial<WatchedPlaces>): Promise<void> {
  watcher = new ConfigWatcher({
    settleMs: SETTLE_MS,
    onChange: () => {
      changes += 1;
      for (const tell of waiting.splice(0)) tell();
    },
    onError: (where) => troubles.push(where),
  });
  const first = nextChange();
  watcher.follow({ files: [], folders: [], ...places });
  await first;
  changes = 0;
}

const at = (name: string): string => join(folder.path, name);

describe('ConfigWatcher', () => {
  it('sees a file that is written in place, and one that is renamed over it, again and again', async () => {
    const file = folder.write('a.conf', 'one');
    await follow({ files: [file] });
    for (const text of ['two', 'three', 'four']) {
      const seen = nextChange();
      folder.write('draft', text);
      renameSync(at('draft'), file);
      await seen;
    }
    const seen = nextChange();
    writeFileSync(file, 'five');
    await seen;
    expect(changes).toBe(4);
  });

  it('tells many writes that follow each other once', async () => {
    const file = folder.write('a.conf', 'one');
    await follow({ files: [file] });
    const seen = nextChange();
    for (let i = 0; i < 50; i += 1) writeFileSync(file, `text ${i}`);
    await seen;
    expect(changes).toBe(1);
  });

  it('is not woken by the other files of a folder', async () => {
    const file = folder.write('a.conf', 'one');
    await follow({ files: [file] });
    for (let i = 0; i < 5; i += 1) {
      folder.write('access.log', `line ${i}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const seen = nextChange();
    folder.write('a.conf', 'two');
    await seen;
    expect(changes).toBe(1);
  });

  it('sees a file come into a folder of IncludeOptional, and go', async () => {
    mkdirSync(at('enabled'));
    await follow({ folders: [at('enabled')] });
    let seen = nextChange();
    folder.write('enabled/a.conf', 'one');
    await seen;
    seen = nextChange();
    rmSync(at('enabled/a.conf'));
    await seen;
    expect(changes).toBe(2);
  });

  it('sees a file come that was missing, with the folder that it lies in', async () => {
    await follow({ files: [at('later/a.conf')] });
    let seen = nextChange();
    folder.write('later/a.conf', 'one');
    await seen;
    seen = nextChange();
    folder.write('later/a.conf', 'two');
    await seen;
    expect(changes).toBe(2);
  });

  it('sees what a link leads to, and another target of the link', async () => {
    folder.write('available/a.conf', 'one');
    folder.write('available/b.conf', 'one');
    mkdirSync(at('enabled'));
    symlinkSync('../available/a.conf', at('enabled/a.conf'));
    await follow({ files: [at('enabled/a.conf')] });
    let seen = nextChange();
    folder.write('available/a.conf', 'two');
    await seen;
    seen = nextChange();
    symlinkSync('../available/b.conf', at('draft'));
    renameSync(at('draft'), at('enabled/a.conf'));
    await seen;
    seen = nextChange();
    folder.write('available/b.conf', 'two');
    await seen;
    expect(changes).toBe(3);
  });

  it('sees a whole folder change by a link, as Kubernetes mounts a ConfigMap', async () => {
    folder.write('mount/..1/sidecar.yaml', 'one');
    symlinkSync('..1', at('mount/..data'));
    symlinkSync('..data/sidecar.yaml', at('mount/sidecar.yaml'));
    await follow({ files: [at('mount/sidecar.yaml')] });
    for (const number of [2, 3]) {
      const seen = nextChange();
      folder.write(`mount/..${number}/sidecar.yaml`, `text ${number}`);
      symlinkSync(`..${number}`, at('mount/..draft'));
      renameSync(at('mount/..draft'), at('mount/..data'));
      await seen;
    }
    expect(changes).toBe(2);
  });

  it('goes on seeing when a folder was put in the place of another one', async () => {
    folder.write('conf/a.conf', 'one');
    await follow({ files: [at('conf/a.conf')], folders: [at('conf')] });
    let seen = nextChange();
    folder.write('next/a.conf', 'two');
    renameSync(at('conf'), at('old'));
    renameSync(at('next'), at('conf'));
    await seen;
    seen = nextChange();
    folder.write('conf/a.conf', 'three');
    await seen;
    expect(changes).toBe(2);
  });

  it('tells of what was written between the reading and the watch', async () => {
    const file = folder.write('a.conf', 'one');
    await follow({ files: [file] });
    const seen = nextChange();
    watcher?.follow({ files: [file], folders: [] });
    await seen;
    expect([changes, troubles]).toEqual([1, []]);
  });
});
