/** Scripts of which the analysis saw only a part: what it does not say is not known. */
import { analysisOf, scriptsOf } from '../census.ts';
import type { Rule } from '../finding.ts';

export const analysisIncomplete: Rule = {
  id: 'analysis-incomplete',
  title: 'Scripts whose imports could be followed only in part',
  find: (census) => {
    const seen = new Set<string>();
    return census.processes.flatMap((process) =>
      scriptsOf(process).flatMap((script) => {
        const analysis = analysisOf(census, process, script);
        const [unknown] = analysis?.unknownPaths ?? [];
        if (analysis === undefined || seen.has(script) || (unknown === undefined && !analysis.cut)) return [];
        seen.add(script);
        return [
          {
            id: 'analysis-incomplete',
            severity: 'info' as const,
            position: unknown ?? { file: script, line: 1 },
            related: [],
            message:
              unknown === undefined
                ? `The analysis of "${script}" ended early, at its limit of modules, depth or time`
                : `"${script}" extends sys.path by a folder that its text does not tell`,
            why: 'Modules that clash may be missing from this audit',
            advice:
              unknown === undefined
                ? 'Look through its remaining imports by hand'
                : 'Build the path from literals and __file__, or give the folder by python-path',
            subject: script,
          },
        ];
      }),
    );
  },
};
