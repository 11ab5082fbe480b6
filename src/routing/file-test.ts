/** Tests of files in conditions (mod_rewrite `apply_rewrite_cond()`, httpd `ap_expr_eval_…()`): `-f`, `-s`, `-d`, `-x`, `-l`, `-e`. */
import type { FileProbe } from './route.ts';

/** What is asked: a file, one with something in it, a folder, something executable, a symbolic link, anything. */
export type FileTest = 'f' | 's' | 'd' | 'x' | 'l' | 'e';

/** Whether the test holds for an absolute path. */
export function testPath(probe: FileProbe, test: FileTest, path: string): boolean {
  const kind = probe.kind(path);
  switch (test) {
    case 'd':
      return kind === 'directory';
    case 'e':
      return kind !== 'missing' && kind !== 'denied';
    case 'f':
      return kind === 'file';
    case 's':
      return kind === 'file' && probe.details?.(path)?.isEmpty !== true;
    case 'x':
      if (probe.details === undefined) return kind === 'file';
      return kind !== 'missing' && probe.details(path)?.isExecutable === true;
    case 'l':
      return probe.details?.(path)?.isLink === true;
  }
}
