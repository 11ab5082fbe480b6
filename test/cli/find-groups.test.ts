import { describe, expect, it } from 'vitest';
import { findGroups } from '../../src/cli/find-groups.ts';

const group = (
  id: string,
  processGroup: string,
  applicationGroup: string,
): { id: string; processGroup: string; applicationGroup: string } => ({ id, processGroup, applicationGroup });

const GROUPS = [
  group('a1', '%{GLOBAL}', 'a.test'),
  group('a2', '%{GLOBAL}', 'b.test'),
  group('b1', 'shop', '%{GLOBAL}'),
  group('b2', 'shop', 'twin'),
  group('c1', 'blog', 'twin'),
  group('d1', 'wiki', 'wiki'),
];

const idsOf = (wanted: Parameters<typeof findGroups>[1]): readonly string[] =>
  findGroups(GROUPS, wanted).map(({ id }) => id);

describe('findGroups()', () => {
  it('finds one by its id, application group or process group, where that means one', () => {
    expect(['c1', 'b.test', 'blog', 'wiki'].map((name) => idsOf({ group: name }))).toEqual([
      ['c1'],
      ['a2'],
      ['c1'],
      ['d1'],
    ]);
  });

  it('asks which, where a name is that of an application group and of a process group', () => {
    expect(() => idsOf({ group: '%{GLOBAL}' })).toThrow(
      /^3 groups are called "%\{GLOBAL\}": name one by its id, or the 2 of the process group by --process-group "%\{GLOBAL\}"\n {4}a1 {2}"a\.test" of.*\n {4}a2 .*\n {4}b1 {2}"%\{GLOBAL\}" of process group "shop"$/,
    );
    expect(idsOf({ processGroup: '%{GLOBAL}' })).toEqual(['a1', 'a2']);
  });

  it('asks which, where a name is that of several of a kind', () => {
    expect(() => idsOf({ group: 'twin' })).toThrow('2 groups are called "twin": name one by its id\n');
    expect(() => idsOf({ group: 'shop' })).toThrow(
      '2 groups are called "shop": name one by its id, or all of them by --process-group "shop"\n',
    );
  });
});
