/** Interpreters that could not be run: nothing is known of the imports of their scripts. */
import type { Rule } from '../finding.ts';

export const interpreterUnusable: Rule = {
  id: 'interpreter-unusable',
  title: 'Python interpreters that are missing or cannot be run',
  find: ({ failures }) =>
    failures.map(({ python, message, advice }) => ({
      id: 'interpreter-unusable',
      severity: 'error' as const,
      related: [],
      message,
      why: 'The scripts that it runs could not be analysed: the rules on modules, os.environ and imports say nothing about them',
      advice,
      subject: python,
    })),
};
