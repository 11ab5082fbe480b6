/** `watch: true`: reloads when what the configuration was read from changes. */
import { fromBytes } from '../apache/bytes.ts';
import type { Log } from '../log.ts';
import { ConfigWatcher } from '../supervisor/watch.ts';
import type { ReadPlaces } from './recorded-reads.ts';

/** Editors and package managers write several files one after the other. */
const SETTLE_MS = 250;

export type ConfigWatch = {
  /** Watches what the last reading was made from; stops where that is not wanted any more. */
  follow(isWanted: boolean, places: ReadPlaces): void;
  close(): void;
};

export function createConfigWatch({
  log,
  onChange,
}: {
  readonly log: Log;
  readonly onChange: () => void;
}): ConfigWatch {
  const told = new Set<string>();
  const onError = (folder: string, err: Error): void => {
    if (told.has(folder)) return;
    told.add(folder);
    log.warn(
      { err, folder },
      `Cannot watch "${folder}": reload by HUP, or raise fs.inotify.max_user_watches`,
    );
  };
  const watcher = new ConfigWatcher({ settleMs: SETTLE_MS, onChange, onError });
  return {
    follow(isWanted, { files, folders }) {
      if (isWanted) watcher.follow({ files: files.map(fromBytes), folders: folders.map(fromBytes) });
      else watcher.close();
    },
    close: () => watcher.close(),
  };
}
