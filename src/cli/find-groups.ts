/** Which groups of a running sidecar are meant by what was given on the command line. */
import type { GroupName } from '../../routes/model.ts';
import { SidecarError } from '../errors.ts';
import { nameOf } from '../sidecar/group-views.ts';

/** Which groups are meant: exactly one of the three. */
export type Wanted = { readonly group?: string; readonly processGroup?: string; readonly all?: true };

/** Throws ERR_ADMIN where there is none, or where a name for one means several. */
export function findGroups<T extends GroupName>(groups: readonly T[], wanted: Wanted): readonly T[] {
  if (wanted.group !== undefined) return [findGroup(groups, wanted.group)];
  if (wanted.processGroup === undefined) return groups;
  const found = groups.filter(({ processGroup }) => processGroup === wanted.processGroup);
  if (found.length > 0) return found;
  const known = [...new Set(groups.map(({ processGroup }) => `"${processGroup}"`))].join(', ');
  throw new SidecarError(
    'ERR_ADMIN',
    `There is no process group "${wanted.processGroup}": there are ${known}`,
  );
}

/** By id, else by application group or process group: neither of the two goes before the other. */
function findGroup<T extends GroupName>(groups: readonly T[], name: string): T {
  const byId = groups.filter(({ id }) => id === name);
  const byName = groups.filter((group) => group.applicationGroup === name || group.processGroup === name);
  const found = byId.length > 0 ? byId : byName;
  const [group] = found;
  if (group === undefined)
    throw new SidecarError(
      'ERR_ADMIN',
      `There is no group "${name}": "wsgi-sidecar groups --live" lists them with their ids`,
    );
  if (found.length === 1) return group;
  const choices = found.map((one) => `    ${one.id}  ${nameOf(one)}`);
  throw new SidecarError(
    'ERR_ADMIN',
    `${found.length} groups are called "${name}": name one by its id${waysTogether(found, name)}\n${choices.join('\n')}`,
  );
}

function waysTogether(found: readonly GroupName[], name: string): string {
  const within = found.filter(({ processGroup }) => processGroup === name).length;
  if (within === 0) return '';
  const which = within === found.length ? 'all of them' : `the ${within} of the process group`;
  return `, or ${which} by --process-group "${name}"`;
}
