import { describe, expect, it } from 'vitest';
import type { DirectiveNode } from '../../src/apache/directive.ts';
import type { FileReader } from '../../src/apache/file-reader.ts';
import { type LoadedConfiguration, loadConfiguration } from '../../src/apache/load.ts';
import { fc } from '../support/property.ts';
import { readerOfCase } from './golden-case.ts';
import { randomConfiguration, randomPart } from './random-configuration.ts';

function readerOf(files: Readonly<Record<string, string>>): FileReader {
  return readerOfCase({ name: '', files: new Map(Object.entries(files)), expected: '' });
}

function load(files: Readonly<Record<string, string>>, file = '/case/main.conf'): LoadedConfiguration {
  return loadBy(readerOf(files), file);
}

function loadBy(reader: FileReader, file = '/case/main.conf'): LoadedConfiguration {
  return loadConfiguration({ file, reader, environment: {}, defines: [], serverRoot: '/case' });
}

function allNodes(nodes: readonly DirectiveNode[]): DirectiveNode[] {
  return nodes.flatMap((node) => [node, ...(node.kind === 'section' ? allNodes(node.children) : [])]);
}

const modules = 'LoadModule env_module modules/mod_env.so\nLoadModule macro_module modules/mod_macro.so\n';

describe('loadConfiguration()', () => {
  it('says that the first file cannot be read', () => {
    const { tree, diagnostics } = load({});
    expect(tree).toEqual([]);
    expect(diagnostics.map(({ id, position }) => [id, position])).toEqual([['config-unreadable', undefined]]);
  });

  it('tells where each file was included', () => {
    const { includes } = load({
      'main.conf': '\nInclude a.conf\n',
      'a.conf': 'Include b.conf\n',
      'b.conf': '',
    });
    expect(includes).toEqual([
      { file: '/case/main.conf', depth: 0 },
      { file: '/case/a.conf', depth: 1, position: { file: '/case/main.conf', line: 2 } },
      { file: '/case/b.conf', depth: 2, position: { file: '/case/a.conf', line: 1 } },
    ]);
  });

  it('tells what Apache reports only where that is another place', () => {
    const { tree } = load({ 'main.conf': 'ServerName a\nServerAdmin \\\nb\n' });
    expect(tree.map(({ position, reported }) => [position.line, reported?.line])).toEqual([
      [1, undefined],
      [2, 3],
    ]);
  });

  it('keeps the raw text beside the words', () => {
    const { tree } = load({ 'main.conf': '<If "%{HOST} == \'a\'" >\n</If>\nHeader set  "a b" c\n' });
    expect(tree.map(({ key, text, args }) => [key, text, args])).toEqual([
      ['if', '"%{HOST} == \'a\'"', ["%{HOST} == 'a'"]],
      ['header', 'set  "a b" c', ['set', 'a b', 'c']],
    ]);
  });

  it('says the same thing once, however often its file is included', () => {
    const text = 'Include a.conf\nInclude a.conf\n';
    const { diagnostics } = load({ 'main.conf': text, 'a.conf': `ServerAdmin \${gone}\n` });
    expect(diagnostics.map(({ id }) => id)).toEqual(['variable-undefined']);
  });

  it('stops at a cycle that would grow without end', () => {
    const twice = 'Include main.conf\nInclude main.conf\n';
    const { diagnostics } = load({ 'main.conf': twice });
    expect(diagnostics.map(({ id, severity }) => [id, severity])).toEqual([['include-depth', 'error']]);
  });

  it('stops in folders that lead into themselves', () => {
    const reader: FileReader = {
      ...readerOf({ 'main.conf': 'Include d\nServerName after\n' }),
      list: () => ({ entries: [{ name: 'd', isFolder: true }] }),
    };
    const kind = (path: string): 'file' | 'directory' => (path.endsWith('.conf') ? 'file' : 'directory');
    const { tree, diagnostics } = loadConfiguration({
      file: '/case/main.conf',
      reader: { ...reader, kind },
      environment: {},
      defines: [],
    });
    expect(tree.map(({ name }) => name)).toEqual(['ServerName']);
    expect(diagnostics.map(({ id }) => id)).toEqual(['include-missing']);
    expect(diagnostics[0]?.message).toContain('maximum include directory nesting level of 128');
  });

  it.each([
    ['a folder', 'Include d\n'],
    ['a folder with a pattern', 'IncludeOptional d/*\n'],
  ])('says that it cannot list %s, also when the Include is optional', (_, text) => {
    const files = readerOf({ 'main.conf': text, 'd/a.conf': '' });
    const list = () => ({ reason: 'Permission denied', missing: false });
    const reader: FileReader = { ...files, list };
    const { diagnostics } = loadBy(reader);
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'Could not open directory /case/d: Permission denied',
    ]);
  });

  it('does not read what is no regular file', () => {
    const files = readerOf({ 'main.conf': 'Include pipe\nInclude /dev/null\n', pipe: '</Never>' });
    const reader: FileReader = {
      ...files,
      read: (path) => (path === '/dev/null' ? { bytes: Buffer.alloc(0) } : files.read(path)),
      kind: (path) => (path.endsWith('.conf') ? 'file' : 'other'),
    };
    const { diagnostics } = loadBy(reader);
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'Could not open configuration file "/case/pipe": Not a regular file',
    ]);
  });

  it('takes text of the environment as bytes', () => {
    const reader = readerOf({ 'main.conf': `ServerAdmin \${NAME}\n` });
    const environment = { NAME: 'ä', NONE: undefined };
    const { tree } = loadConfiguration({ file: '/case/main.conf', reader, environment, defines: [] });
    expect(tree.map(({ args }) => args)).toEqual([['\xc3\xa4']]);
  });

  it('takes the folder of a Debian instance for the server root', () => {
    const { serverRoot } = loadConfiguration({
      file: '/etc/apache2-blog/apache2.conf',
      reader: readerOf({}),
      environment: {},
      defines: [],
    });
    expect(serverRoot).toBe('/etc/apache2-blog');
  });

  it('makes no finding of directives that a later mod_wsgi or a foreign module may bring', () => {
    const { diagnostics } = load({ 'main.conf': 'LoadModule wsgi_module w.so\nWSGINewThing on\n' });
    expect(diagnostics).toEqual([]);
    expect(load({ 'main.conf': 'LoadModule x_module x.so\nXThing on\n' }).diagnostics).toEqual([]);
  });

  it('says once that no module is loaded, and then finds only what no module brings', () => {
    const part =
      'Listen 80\nWSGIScriptAlias / /x.wsgi\n<IfModule mod_wsgi.c>\nAlias /a /b\n</IfModule>\nXThing on\n';
    const findings = load({ 'main.conf': part }).diagnostics.map(({ id, position }) => [id, position?.line]);
    expect(findings).toEqual([
      ['load-module-missing', 1],
      ['directive-unknown', 6],
    ]);
    const whole = `LoadModule alias_module modules/mod_alias.so\n${part}`;
    expect(load({ 'main.conf': whole }).diagnostics.map(({ directive }) => directive)).toEqual([
      'Listen',
      'WSGIScriptAlias',
      'XThing',
    ]);
  });

  it('never throws, gives the same twice, and every place is a line of a file', () => {
    fc.assert(
      fc.property(randomConfiguration, randomPart, (text, part) => {
        const files = { 'main.conf': modules + text, 'part.conf': part, 'd/a.conf': part };
        const loaded = load(files);
        expect(load(files)).toEqual(loaded);
        const lines = new Map(
          Object.entries(files).map(([name, content]) => [`/case/${name}`, content.split('\n').length]),
        );
        for (const { position } of [...allNodes(loaded.tree), ...loaded.diagnostics]) {
          expect(position?.line).toBeGreaterThan(0);
          expect(position?.line).toBeLessThanOrEqual(lines.get(position?.file ?? '') ?? 0);
        }
      }),
    );
  });
});
