/** Apache's access control as the sidecar enforces it (law: no door that Apache kept shut stands open). */
import { renderDiagnostic } from '../apache/diagnostic.ts';
import type { Access } from '../routing/route.ts';
import type { Peer } from './peer.ts';

/** `accessControl: front` says that a trusted front enforces what the sidecar does not. */
export type AccessControl = 'refuse' | 'front';

/** Whether a request may pass; if not, `legacy` may answer in the sidecar's place where Apache's own rule is what is missing. */
export function judgeAccess(
  access: Access,
  peer: Peer,
  control: AccessControl,
): 'pass' | 'denied' | 'unenforced' {
  switch (access.kind) {
    case 'granted':
      return 'pass';
    case 'denied':
      return 'denied';
    case 'front-only':
      return control === 'front' && peer.trusted ? 'pass' : 'unenforced';
    default:
      return access satisfies never;
  }
}

/** The rule behind a refusal, for the log: the client learns nothing of it. */
export function whyRefused(access: Access): string {
  return access.kind === 'granted' ? 'Access is granted' : renderDiagnostic(access.rule);
}
