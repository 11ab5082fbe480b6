import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DirectiveNode } from '../../src/apache/directive.ts';
import { knownModules } from '../../src/apache/directive-table.ts';
import { lowerAscii } from '../../src/apache/lexer.ts';
import { firstDifference } from '../../src/cli/same-site.ts';
import { consequenceOf } from '../../src/convert/consequence.ts';
import { directive, section } from '../../src/convert/node.ts';
import { keysOf, type Place } from '../../src/convert/table.ts';
import { packageRoot } from '../../src/package-root.ts';
import { buildSite } from '../../src/site/build.ts';

const position = { file: '/a.conf', line: 1 };

/** Words with which most directives make sense in one way or another. */
const WORDS = [
  ['On'],
  ['Off'],
  ['None'],
  ['all'],
  ['/a', '/b'],
  ['a', 'b', 'c'],
  ['10.0.0.0/8'],
  ['404', '/a'],
  [],
];

const names = [...knownModules.values()].flatMap(({ directives }) => [...directives]);
/** What Apache runs while it reads leaves nothing that could be left out. */
const executed =
  'define undefine include includeoptional loadmodule loadfile serverroot defaultruntimedir use undefmacro'.split(
    ' ',
  );

const leftOut = (place: Place): string[] =>
  names.filter((name) => !name.startsWith('<') && !keysOf[place].byDirective.has(name));

/** A directive in the main server, in a virtual host, in a folder. */
const AROUND: readonly (readonly [Place, (nodes: DirectiveNode[]) => DirectiveNode[]])[] = [
  ['server', (nodes) => nodes],
  ['host', (nodes) => [section('VirtualHost', ['*:80'], nodes, position)]],
  ['scope', (nodes) => [section('Directory', ['/srv'], nodes, position)]],
];

describe('keysOf', () => {
  it.each(AROUND)('has a key for every directive that changes the meaning of a %s', (place, around) => {
    const empty = buildSite(around([])).site;
    const changing = leftOut(place).filter((name) =>
      WORDS.some((words) => {
        const { site } = buildSite(around([directive(name, words, position)]));
        return firstDifference(empty, site) !== undefined;
      }),
    );
    expect(changing).toEqual([]);
  });

  it('has one key for a directive', () => {
    for (const { forms } of Object.values(keysOf)) {
      const taken = [...forms.values()].flatMap(({ takes }) => takes);
      expect(taken.filter((name, index) => taken.indexOf(name) !== index)).toEqual([]);
      expect(taken.every((name) => name === lowerAscii(name))).toBe(true);
    }
  });

  it('has no key that MANUAL.md does not name', () => {
    const manual = readFileSync(join(packageRoot(), 'MANUAL.md'), 'utf8');
    const unnamed = [...keysOf.server.forms.keys()].filter((key) => !manual.includes(`\`${key}\``));
    expect(unnamed).toEqual([]);
  });
});

describe('consequenceOf()', () => {
  it('knows what it means to leave out each directive of Apache and its modules', () => {
    const unknown = leftOut('server')
      .filter((name) => !executed.includes(name))
      .filter((name) => consequenceOf(directive(name, [], position)).text.includes('does not know it'));
    expect(unknown).toEqual([]);
  });
});
