/** Our reading of a configuration against the real Apache's: the tree (mod_info's DUMP_CONFIG) and the files read. */
import { expect } from 'vitest';
import type { DirectiveNode } from '../../src/apache/directive.ts';
import type { LoadedConfiguration } from '../../src/apache/load.ts';
import { type ApacheAnswer, askApache, flattenDump, flattenIncludes } from './real-apache.ts';

/** Directives that Apache runs while reading, and that stay in our tree for `site/`. */
const executedByApache = new Set(['remoteipinternalproxylist', 'remoteiptrustedproxylist']);

/** The tree and the files of a configuration are what Apache in that environment says. */
export function expectSameReading(
  file: string,
  loaded: LoadedConfiguration,
  environment: NodeJS.ProcessEnv,
): void {
  expectSameTree(loaded, askApache(file, ['DUMP_CONFIG'], { environment }));
  const includes = loaded.includes.map(
    ({ file: path, depth, position }) => `${depth} ${position?.line ?? '*'} ${path}`,
  );
  expect(includes).toEqual(flattenIncludes(askApache(file, ['DUMP_INCLUDES'], { environment }).stdout));
}

/** The tree is that of a `DUMP_CONFIG`. An empty dump would agree with anything empty, so it is a failure. */
export function expectSameTree({ tree }: LoadedConfiguration, { stdout, stderr }: ApacheAnswer): void {
  const dump = flattenDump(stdout);
  expect(dump.length, `an empty dump says nothing: ${stderr}`).toBeGreaterThan(0);
  expect(comparable(flatten(tree))).toEqual(comparable(dump));
}

function flatten(nodes: readonly DirectiveNode[], depth = 0): string[] {
  return nodes.flatMap((node) => {
    if (executedByApache.has(node.key)) return [];
    const { file, line } = node.reported ?? node.position;
    if (node.kind === 'directive') return [`${file}:${line} ${depth} ${node.name} ${node.text}`];
    return [`${file}:${line} ${depth} <${node.name} ${node.text}>`, ...flatten(node.children, depth + 1)];
  });
}

/** Apache prints its own spelling of a name, and a section's text up to whatever stands behind the `>`. */
function comparable(lines: readonly string[]): string[] {
  return lines.map((line) => {
    const [, place = '', name = '', text = ''] = /^(.*?:\d+ \d+) (\S+) ?(.*)$/s.exec(line) ?? [];
    const shown = name.startsWith('<') ? text.slice(0, text.lastIndexOf('>')).trim() : text;
    return `${place} ${name.toLowerCase()} ${shown}`;
  });
}
