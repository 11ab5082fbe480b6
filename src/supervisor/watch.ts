/**
 * Watches what a configuration was read from. Folders are watched, never files: a watch on a file goes deaf when another is
 * renamed over it. An event only says where to look; what counts is whether the files are still the same, so a busy folder
 * wakes nobody, and links that change on the way (`sites-enabled`, the `..data` of Kubernetes) are seen as well.
 */
import { type FSWatcher, lstatSync, readdirSync, readlinkSync, realpathSync, statSync, watch } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Absolute paths; what is not there is waited for. */
export type WatchedPlaces = { readonly files: readonly string[]; readonly folders: readonly string[] };

export type ConfigWatcherOptions = {
  /** How long the files have to stay as they are before they count as written, in milliseconds. */
  readonly settleMs: number;
  /** Something has changed, or may have since the reading. */
  readonly onChange: () => void;
  /** A folder cannot be watched, mostly for want of inotify watches. */
  readonly onError: (folder: string, error: Error) => void;
};

/** Files that never come to rest are read all the same after so many looks. */
const MAX_LOOKS = 50;

/** Links that lead to one file at most; Linux follows 40. */
const MAX_LINKS = 40;

export class ConfigWatcher {
  readonly #options: ConfigWatcherOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #places: WatchedPlaces = { files: [], folders: [] };
  /** What the files looked like when they were last told of. */
  #known: string | undefined;
  /** What they looked like at the last look since then. */
  #latest: string | undefined;
  #looks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ConfigWatcherOptions) {
    this.#options = options;
  }

  /** Watches these places in the stead of those before. Tells of one change soon, for what was written since they were read. */
  follow(places: WatchedPlaces): void {
    this.#places = places;
    this.#arm();
    this.#known = undefined;
    this.#latest = undefined;
    this.#lookSoon();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #arm(): void {
    const wanted = foldersAround(this.#places);
    for (const [folder, watcher] of this.#watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#lookSoon());
      watcher.on('error', () => this.#forget(folder));
      this.#watchers.set(folder, watcher);
    } catch (error) {
      this.#options.onError(folder, error as Error);
    }
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
    this.#lookSoon();
  }

  #lookSoon(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#look(), this.#options.settleMs);
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = undefined;
    const now = appearanceOf(this.#places);
    if (now === this.#known) return;
    this.#looks += 1;
    if (now !== this.#latest && this.#looks < MAX_LOOKS) {
      this.#latest = now;
      this.#lookSoon();
      return;
    }
    this.#known = now;
    this.#looks = 0;
    // A folder that was put in the place of another one has a watch that sees nothing any more.
    this.#rearm();
    this.#options.onChange();
  }

  #rearm(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    this.#arm();
  }
}

/** Every folder in which a change can lead to another content: of the file, of the links to it, and above what is missing. */
function foldersAround({ files, folders }: WatchedPlaces): ReadonlySet<string> {
  const found = new Set<string>();
  for (const path of folders) {
    for (const place of wayTo(path)) {
      found.add(existing(place));
      found.add(existing(dirname(place)));
    }
  }
  for (const path of files) for (const place of wayTo(path)) found.add(existing(dirname(place)));
  return found;
}

/** A path and what its links lead to, one by one, and the same without links on the way. */
function wayTo(path: string): readonly string[] {
  const way = [path];
  let at = path;
  while (way.length < MAX_LINKS && isLink(at)) {
    at = resolve(dirname(at), readlinkSync(at));
    way.push(at);
  }
  try {
    way.push(realpathSync(path));
  } catch {
    // What is missing leads nowhere yet.
  }
  return way;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** The folder, or the nearest one above that is there. */
function existing(folder: string): string {
  let at = folder;
  while (at !== '/' && kindOf(at) !== 'folder') at = dirname(at);
  return at;
}

function kindOf(path: string): 'folder' | 'other' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'other';
  } catch {
    return 'other';
  }
}

/** Equal as long as no file was written, replaced, made or removed. */
function appearanceOf({ files, folders }: WatchedPlaces): string {
  return [...files.map(stampOf), ...folders.map(namesIn)].join('\n');
}

function stampOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function namesIn(folder: string): string {
  try {
    return readdirSync(folder).sort().join('/');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
