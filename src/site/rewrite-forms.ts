/** What mod_rewrite refuses of a `RewriteCond` and a `RewriteRule` by their form (`cmd_parseflagfield()`). */
import type { Directive } from '../apache/directive.ts';
import { parseArguments } from './rewrite-parser.ts';
import { countFault, type Fault, notOneOf, type Reading } from './word-forms.ts';

type Words = Pick<Directive, 'text'>;

const CONDITION_FLAGS = ['NC', 'nocase', 'OR', 'ornext', 'NV', 'novary'];

/** The arguments of a `RewriteCond`. */
export function readRewriteCondition(words: Words): Reading<readonly string[]> {
  const reading = readRewriteRule(words);
  if ('fault' in reading) return reading;
  const flags = flagsOf(reading.value[2]).map((each) => each.replace(/=.*$/s, ''));
  const wrong = flags.find(
    (each) => !CONDITION_FLAGS.some((known) => known.toLowerCase() === each.toLowerCase()),
  );
  return wrong === undefined ? reading : { fault: notOneOf([wrong], CONDITION_FLAGS) };
}

/** The arguments of a `RewriteRule`; its flags are read with the rule, and not all of them are known here. */
export function readRewriteRule({ text }: Words): Reading<readonly string[]> {
  const value = parseArguments(text);
  // Behind a closing quote mod_rewrite finds an empty second argument (`parseargline()`).
  const isTaken = value.length === 1 && /^(["']).*\1$/s.test(text);
  if (value.length < 2 && !isTaken) return { fault: countFault(value, 2, 3) };
  const flags = value[2];
  const fault = flags === undefined || isFlagField(flags) ? emptyFlag(flags) : misshapen(flags);
  return fault === undefined ? { value } : { fault };
}

function isFlagField(flags: string): boolean {
  return flags.startsWith('[') && flags.endsWith(']') && flags.length > 1;
}

function misshapen(flags: string): Fault {
  const message = `The flags "${flags}" do not stand in brackets`;
  return { message, advice: 'Write them as [A,B], without blanks' };
}

function emptyFlag(flags: string | undefined): Fault | undefined {
  if (!flagsOf(flags).includes('')) return undefined;
  return {
    message: `The flags "${flags}" hold an empty one`,
    advice: 'Write them as [A,B], or leave them out',
  };
}

function flagsOf(flags: string | undefined): readonly string[] {
  return flags === undefined
    ? []
    : flags
        .slice(1, -1)
        .split(',')
        .map((each) => each.trim());
}
