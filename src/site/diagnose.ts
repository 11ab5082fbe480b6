/** Makes a diagnostic about a directive or section: position and name are the directive's own. */
import type { Diagnostic, Severity } from '../apache/diagnostic.ts';
import type { DirectiveNode } from '../apache/directive.ts';

/** A finding about a directive; the message is sentence case without a full stop. */
export function diagnose(
  node: Pick<DirectiveNode, 'name' | 'position'>,
  severity: Severity,
  id: string,
  message: string,
): Diagnostic {
  return { severity, id, position: node.position, directive: node.name, message };
}
