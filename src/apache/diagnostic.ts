/** A finding in the configuration: a value with a position, never an exception, so that all of them can be shown at once. */
import type { SourcePosition } from './directive.ts';

export type Severity = 'error' | 'warning' | 'info';

export type Diagnostic = {
  readonly severity: Severity;
  /** Stable id, e.g. `mount-access-control`; the manual has an entry for each. */
  readonly id: string;
  readonly position?: SourcePosition;
  /** The directive's name as written, where one is meant. */
  readonly directive?: string;
  /** What is there and why it hurts; sentence case, no full stop. */
  readonly message: string;
  /** What to do about it; sentence case, no full stop. */
  readonly advice?: string;
};

/** One line: `file:line: severity: Directive: message: advice`. */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  const { position, severity, directive, message, advice } = diagnostic;
  const place = position === undefined ? '' : `${position.file}:${position.line}: `;
  const subject = directive === undefined ? '' : `${directive}: `;
  const next = advice === undefined ? '' : `: ${advice}`;
  return `${place}${severity}: ${subject}${message}${next}`;
}
