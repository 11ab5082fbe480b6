/**
 * Cases of `test/golden/apache/*.conf-test`: a configuration, a line of dashes, what becomes of it. More files than
 * `main.conf` stand behind lines `=== name ===`; the name of a folder ends in `/`. `/case` is the folder of them all.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderDiagnostic } from '../../src/apache/diagnostic.ts';
import type { DirectiveNode } from '../../src/apache/directive.ts';
import type { FileReader } from '../../src/apache/file-reader.ts';
import type { LoadedConfiguration } from '../../src/apache/load.ts';
import { packageRoot } from '../../src/package-root.ts';

export type GoldenCase = {
  readonly name: string;
  /** Text by path below `/case`; undefined for a folder, whose name ends in `/`. */
  readonly files: ReadonlyMap<string, string | undefined>;
  readonly expected: string;
};

/** The cases of a folder of `test/golden`. */
export function goldenCases(kind = 'apache'): readonly GoldenCase[] {
  const folder = join(packageRoot(), 'test', 'golden', kind);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.conf-test'))
    .sort()
    .map((name) => parseCase(name.replace('.conf-test', ''), readFileSync(join(folder, name), 'latin1')));
}

function parseCase(name: string, text: string): GoldenCase {
  const [configuration = '', expected = ''] = text.split('\n----------\n');
  const [main = '', ...others] = configuration.split(/^=== (.+) ===\n/m);
  const files = new Map<string, string | undefined>([['main.conf', main]]);
  for (let i = 0; i < others.length; i += 2) {
    const path = others[i] ?? '';
    files.set(path, path.endsWith('/') ? undefined : (others[i + 1] ?? ''));
  }
  return { name, files, expected };
}

/** The files of a case below `/case`, without any file system. */
export function readerOfCase({ files }: GoldenCase): FileReader {
  const texts = new Map([...files].map(([path, text]) => [`/case/${path.replace(/\/$/, '')}`, text]));
  const folders = new Map<string, Set<string>>([['/case', new Set()]]);
  for (const [path, text] of texts) {
    if (text === undefined && !folders.has(path)) folders.set(path, new Set());
    for (let child = path; child !== '/case'; child = child.slice(0, child.lastIndexOf('/'))) {
      const parent = child.slice(0, child.lastIndexOf('/'));
      folders.set(parent, (folders.get(parent) ?? new Set()).add(child.slice(parent.length + 1)));
    }
  }
  const plain = (path: string): string => path.replace(/(.)\/$/, '$1');
  const failure = { reason: 'No such file or directory', missing: true };
  return {
    read(path) {
      const text = texts.get(plain(path));
      return text === undefined ? failure : { bytes: Buffer.from(text, 'latin1') };
    },
    list(path) {
      const names = folders.get(plain(path));
      if (names === undefined) {
        return texts.has(plain(path)) ? { reason: 'Not a directory', missing: false } : failure;
      }
      return {
        entries: [...names].map((name) => ({ name, isFolder: folders.has(`${plain(path)}/${name}`) })),
      };
    },
    kind(path) {
      if (folders.has(plain(path))) return 'directory';
      return texts.has(plain(path)) ? 'file' : undefined;
    },
  };
}

/** A line for each directive, `file:line name arguments`, indented by depth, then the findings. */
export function renderLoaded({ tree, diagnostics }: LoadedConfiguration): string {
  const lines: string[] = [];
  const visit = (nodes: readonly DirectiveNode[], indent: string): void => {
    for (const node of nodes) {
      const name = node.kind === 'section' ? `<${node.name}` : node.name;
      const uses = node.uses === undefined ? '' : ` used at ${node.uses.map(place).join(', ')}`;
      lines.push(`${indent}${place(node.position)} ${name} ${JSON.stringify(node.args)}${uses}`);
      if (node.kind === 'section') visit(node.children, `${indent}  `);
    }
  };
  visit(tree, '');
  lines.push(...diagnostics.map((diagnostic) => `${diagnostic.id}: ${renderDiagnostic(diagnostic)}`));
  return lines.map((line) => `${line.replaceAll('/case/', '')}\n`).join('');
}

function place({ file, line }: { readonly file: string; readonly line: number }): string {
  return `${file}:${line}`;
}
