/** Scripts and interpreters that the user of their process may not read. */

import { type Census, scriptsOf } from '../census.ts';
import type { Rule } from '../finding.ts';

export const unreadable: Rule = {
  id: 'unreadable',
  title: "Scripts and interpreters that the process's user may not read",
  find: (census) =>
    census.access.map(({ user, path, reason }) => {
      const position = positionOf(census, path);
      return {
        id: 'unreadable',
        severity: 'error' as const,
        ...(position === undefined ? {} : { position }),
        related: [],
        message: `User "${user}" may not read "${path}": ${reason}`,
        why: 'Whoever runs as that user cannot open it: requests are answered with 403 or 500, or the process does not start',
        advice: `Let "${user}" read the file and pass its folders (chmod, chgrp or setfacl), or name another user`,
        subject: `${user} ${path}`,
      };
    }),
};

function positionOf(
  { processes }: Census,
  path: string,
): { readonly file: string; readonly line: number } | undefined {
  const process = processes.find((one) => scriptsOf(one).includes(path));
  const placements = process?.interpreters.flatMap((interpreter) => interpreter.placements) ?? [];
  return placements.find(({ scripts }) => scripts.includes(path))?.mount.position;
}
