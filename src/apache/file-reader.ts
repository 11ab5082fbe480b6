/** The files of a configuration as the reader of it sees them: injected, so that reading stays free of the file system. */

/** What a path leads to, links followed. */
export type FileKind = 'file' | 'directory' | 'other';

/** One name in a folder. `isFolder` is false for a link to a folder, as `readdir` tells it. */
export type FolderEntry = { readonly name: string; readonly isFolder: boolean };

/** Why something could not be read: the system's words, e.g. `No such file or directory`. */
export type ReadFailure = { readonly reason: string; readonly missing: boolean };

/** Access to files. Paths are byte strings. No method throws. */
export type FileReader = {
  readonly read: (path: string) => { readonly bytes: Buffer } | ReadFailure;
  readonly list: (path: string) => { readonly entries: readonly FolderEntry[] } | ReadFailure;
  readonly kind: (path: string) => FileKind | undefined;
};
