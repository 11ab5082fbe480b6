/** Doors that Apache keeps shut and that the sidecar does not enforce, should it stand in front of Apache (DESIGN: "Access control"). */
import type { Rule } from '../finding.ts';

export const accessControlLost: Rule = {
  id: 'access-control-lost',
  title: 'Access control that would be lost in front of Apache',
  find: ({ layout, diagnostics }) =>
    layout === 'sidecar'
      ? []
      : diagnostics
          .filter(({ id }) => id === 'mount-access-control' || id === 'place-access-control')
          .map(({ position, directive, message }) => ({
            id: 'access-control-lost',
            severity: 'warning' as const,
            ...(position === undefined ? {} : { position }),
            related: [],
            message: directive === undefined ? message : `${directive}: ${message}`,
            why: 'Only Apache enforces this: in front of Apache or without it the sidecar answers the mount with 403 rather than open it',
            advice:
              'Keep Apache in front (accessControl: front), leave the mount to Apache (legacy), or move the check into the application',
            subject: message,
          })),
};
