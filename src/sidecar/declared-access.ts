/** Protection that the sidecar does not enforce, seen with the settings: who else sees to it, if anyone. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { Settings } from '../settings/load.ts';

/** What of the settings says who sees to it. */
export type AccessSettings = Pick<Settings, 'accessControl' | 'trustedProxies' | 'legacy'>;

/** The findings, those of protection that someone declared to see to turned into information, and what is wrong with the declaration. */
export function judgeAccess(
  findings: readonly Diagnostic[],
  settings: AccessSettings,
): readonly Diagnostic[] {
  return [...findings.map((finding) => judgeFinding(finding, settings)), ...checkFront(settings)];
}

function judgeFinding(finding: Diagnostic, settings: AccessSettings): Diagnostic {
  const { accessControl, trustedProxies, legacy } = settings;
  if (finding.id === 'client-address' && trustedProxies.length > 0) return { ...finding, severity: 'info' };
  if (finding.id !== 'mount-access-control' && finding.id !== 'place-access-control') return finding;
  if (accessControl === 'front' && trustedProxies.length > 0)
    return {
      ...finding,
      severity: 'info',
      advice: 'It is served to trustedProxies alone (accessControl: front)',
    };
  if (legacy === undefined) return finding;
  return { ...finding, severity: 'info', advice: `It is answered by ${legacy} (legacy)` };
}

function checkFront({ accessControl, trustedProxies }: AccessSettings): Diagnostic[] {
  if (accessControl !== 'front' || trustedProxies.length > 0) return [];
  const message =
    'The settings have "accessControl: front" without trustedProxies, so that nobody is a front';
  const advice = 'Name it, "trustedProxies: [unix]" for one that comes over a Unix socket';
  return [{ severity: 'error', id: 'front-without-proxies', message, advice }];
}
