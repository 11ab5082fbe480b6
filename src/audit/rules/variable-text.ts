/** Whether a pattern takes text that clients can vary at will, e.g. `^/tenants/[^/]+`, and not only `^/app(?:/|$)`. */

/** Character classes and repetitions let a client choose; alternatives of literals are as many as are written. */
export function consumesVariableText(pattern: string): boolean {
  const consumed = pattern
    .replace(/\\[^a-zA-Z0-9]/g, '_')
    // What a look-ahead or look-behind sees is not taken.
    .replace(/\(\?<?[=!][^()]*\)/g, '')
    .replace(/\(\?[:<P]/g, '(');
  return /\\[dDwWsSNRXhHvV]|\[|[.*+]|\{\d*,/.test(consumed);
}
