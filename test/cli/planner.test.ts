import { describe, expect, it } from 'vitest';
import { settingsFor } from '../../src/cli/planner.ts';
import { groupId } from '../../src/groups/plan.ts';
import { groupKey } from '../../src/routing/group-key.ts';

const identity = { processGroup: 'shop', applicationGroup: '' };
const id = groupId(groupKey(identity));

describe('settingsFor()', () => {
  it('is nothing for a group that no key names', () => {
    expect(settingsFor({ blog: { threads: 1 }, defaults: { threads: 2 } }, identity)).toEqual({});
  });

  it('prefers the id to the application group, and that to the process group', () => {
    const groups = {
      [id]: { threads: 3 },
      '%{GLOBAL}': { threads: 2, processes: 2 },
      shop: { threads: 1, processes: 1, python: 'python3.9' },
    };
    expect(settingsFor(groups, identity)).toEqual({ threads: 3, processes: 2, python: 'python3.9' });
  });

  it('does not take the defaults for a group of that name', () => {
    const named = { processGroup: 'defaults', applicationGroup: '' };
    expect(settingsFor({ defaults: { threads: 2 } }, named)).toEqual({});
  });
});
