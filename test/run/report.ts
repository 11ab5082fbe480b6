/** The numbers of a run, from the report of vitest's json reporter. */

type AssertionResult = { readonly status: string };
type FileResult = { readonly status: string; readonly assertionResults: readonly AssertionResult[] };

/** The part of the json report that is read here. */
export type JsonReport = { readonly testResults: readonly FileResult[] };

export type Tally = { readonly passed: number; readonly failed: number; readonly skipped: number };

/** Counts tests; a file that could not be loaded, or whose hooks failed, counts as one failure. */
export function tallyOf(report: JsonReport): Tally {
  const statuses = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ status }) => status),
  );
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  ).length;
  const failed = statuses.filter((status) => status === 'failed').length + brokenFiles;
  const passed = statuses.filter((status) => status === 'passed').length;
  return { passed, failed, skipped: statuses.length - passed - (failed - brokenFiles) };
}

/** The closing line: `12 passed, 0 failed`, and `, 3 skipped` when some were. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
