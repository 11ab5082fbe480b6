/** Mounts whose interpreter only a request, or a script of Apache's own, can tell. */
import type { Rule } from '../finding.ts';
import type { Placement } from '../placement.ts';

const REASONS = {
  dispatch: [
    'WSGIDispatchScript names its groups by running Python for each request',
    'Name the groups by WSGIProcessGroup and WSGIApplicationGroup, or leave the mount to Apache',
  ],
  'process-group': [
    'its process group is defined nowhere, so that Apache answers 500',
    'Define it by WSGIDaemonProcess, or correct WSGIProcessGroup',
  ],
} as const;

export const groupNotComputed: Rule = {
  id: 'group-not-computed',
  title: 'Mounts whose interpreter cannot be told from the configuration',
  find: ({ processes }) => {
    const placements = processes.flatMap(({ interpreters }) => interpreters).flatMap((one) => one.placements);
    const seen = new Set<Placement['mount']>();
    return placements.flatMap(({ mount, reason, scope, position }) => {
      if ((reason !== 'dispatch' && reason !== 'process-group') || seen.has(mount)) return [];
      seen.add(mount);
      const [what, advice] = REASONS[reason];
      return [
        {
          id: 'group-not-computed',
          severity: 'warning' as const,
          position:
            (reason === 'dispatch' ? scope.dispatchScript?.position : scope.processGroup?.position) ??
            position,
          related: [{ position: mount.position, message: `"${mount.id}" stands here` }],
          message: `The interpreter of "${mount.id}" cannot be computed: ${what}`,
          why: 'What shares an interpreter with it is not known, so no rule can speak about it',
          advice,
          subject: mount.id,
        },
      ];
    });
  },
};
