/** `${NAME}`: variables of Define and of the environment, put into a line before it is split into words (`ap_resolve_env`). */
import { lowerAscii } from './lexer.ts';
import { type Reading, report, type SourceLine } from './reading.ts';

/**
 * The line's text with its variables replaced. A value is not searched again. A name that nobody defines stays as it
 * is written, with a warning unless it has a colon (then it is for a later stage, e.g. mod_rewrite's `${map:key}`).
 */
export function substituteVariables(reading: Reading, line: SourceLine): string {
  const { text } = line;
  if (!text.includes('${')) return text;
  return text.replace(/\$\{([^}]*)\}/g, (written, name: string) => {
    const value = reading.variables.get(lowerAscii(name)) ?? reading.environment.get(name);
    if (value === undefined && !name.includes(':')) {
      report(reading, line, {
        severity: 'warning',
        id: 'variable-undefined',
        message: `Config variable "${written}" is not defined, so it stays in the text as written`,
        advice: `Define it before this line, or set ${name} in the environment`,
      });
    }
    return value ?? written;
  });
}
