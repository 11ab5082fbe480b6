/** Dispatch scripts, seen with the settings: whether somebody asks them. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { Settings } from '../settings/load.ts';

/** The findings, those of dispatch scripts turned into information where `groupsFrom: dispatch` has them asked. */
export function judgeDispatch(
  findings: readonly Diagnostic[],
  { groupsFrom }: Pick<Settings, 'groupsFrom'>,
): readonly Diagnostic[] {
  if (groupsFrom === 'configuration') return findings;
  return findings.map((finding) => {
    if (finding.id !== 'dispatch-script') return finding;
    const advice =
      'It is asked in a process of its own before each request that it covers (groupsFrom: dispatch); what it names is admitted up to maxGroups';
    return { ...finding, severity: 'info', advice };
  });
}
