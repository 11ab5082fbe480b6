/** A diagnostic as JSON: text instead of byte strings, and the line that `check` prints. */

import type { DiagnosticView } from '../../routes/model.ts';
import { fromBytes } from '../apache/bytes.ts';
import { type Diagnostic, renderDiagnostic } from '../apache/diagnostic.ts';

export function viewDiagnostic(diagnostic: Diagnostic): DiagnosticView {
  const { severity, id, position, directive, message, advice } = diagnostic;
  return {
    severity,
    id,
    ...(position === undefined ? {} : { file: fromBytes(position.file), line: position.line }),
    ...(directive === undefined ? {} : { directive: fromBytes(directive) }),
    message: fromBytes(message),
    ...(advice === undefined ? {} : { advice: fromBytes(advice) }),
    text: fromBytes(renderDiagnostic(diagnostic)),
  };
}
