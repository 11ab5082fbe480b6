/** What `wsgi_group.py` says of an answer that it made in the application's place (ARCHITECTURE: "Answer of a worker"). */

const KNOWN: ReadonlySet<string> = new Set([
  'script-missing',
  'script-directory',
  'script-denied',
  'script-owner',
  'import-failed',
  'no-callable',
  'app-error',
  'interrupted',
  'bad-request',
]);

/** The observation's reason for an `x-sidecar-outcome`; from a closed set, because it becomes a metric label. */
export function outcomeReason(outcome: string): string {
  return (KNOWN.has(outcome) ? outcome : 'app-error').replaceAll('-', '_');
}
