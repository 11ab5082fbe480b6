/** Runs a suite once for each interpreter that this machine has. */
import { describe } from 'vitest';
import { findPythons, type Python } from '../support/pythons.ts';

const found = findPythons();
if (found.missing.length > 0) {
  process.stderr.write(`Not tried, for want of an interpreter: Python ${found.missing.join(', ')}\n`);
}

export function describeEachPython(what: string, suite: (python: Python) => void): void {
  describe.each(found.pythons.map((python) => [python.version, python] as const))(
    `${what} under Python %s`,
    (_version, python) => suite(python),
  );
}
