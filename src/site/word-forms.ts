/** The kinds of words that directives take: what they mean, and what is wrong with those that Apache refuses. */
import type { Directive } from '../apache/directive.ts';
import { isWholeInteger, leadingInteger } from '../c-integer.ts';

/** What is wrong, and what may be written. */
export type Fault = { readonly message: string; readonly advice: string };

/** What the words of a directive say, with a doubt where that is not what they look like; or why Apache would not start. */
export type Reading<T> = { readonly value: T; readonly doubt?: Fault } | { readonly fault: Fault };

/** Reads the words of one directive. */
export type Form<T> = (directive: Pick<Directive, 'name' | 'args' | 'text'>) => Reading<T>;

/** The value of a directive's words, undefined where Apache would not start with them. */
export function wordsOf<T>(form: Form<T>, directive: Directive): T | undefined {
  const reading = form(directive);
  return 'fault' in reading ? undefined : reading.value;
}

/** Words that Apache counts and does not judge; the first `least` of them are not empty (httpd `TAKE1`, `TAKE12`, …). */
export function texts(least: number, most: number = least): Form<readonly string[]> {
  return ({ args }) => {
    const empty = args.indexOf('');
    const isRight = args.length >= least && args.length <= most && (empty === -1 || empty >= least);
    return isRight ? { value: args } : { fault: countFault(args, least, most) };
  };
}

const oneText = texts(1);

/** One word, not empty. */
export const text: Form<string> = (directive) => {
  const reading = oneText(directive);
  return 'fault' in reading ? reading : { value: reading.value[0] as string };
};

/** At least so many words, of which only the first is judged (httpd `ITERATE`, `ITERATE2`). */
export function list(least: number): Form<readonly string[]> {
  return ({ args }) =>
    args.length >= least && args[0] !== '' ? { value: args } : { fault: countFault(args, least, Infinity) };
}

const COUNTS = ['no word', 'one word', 'two words', 'three words'];

/** The fault of too few or too many words. */
export function countFault(words: readonly string[], least: number, most: number): Fault {
  const wanted =
    most === Infinity
      ? `at least ${COUNTS[least]}`
      : least === most
        ? COUNTS[least]
        : `${least} to ${most} words`;
  const message = `Wanted ${wanted}, and there ${words.length === 1 ? 'is 1' : `are ${words.length}`}`;
  const advice =
    words.length > most ? 'Put what belongs together into quotes' : 'Add what is missing, or remove the line';
  return { message, advice };
}

/** One word of several, in any case; the value is in lower case. */
export function choice<const W extends string>(...wanted: readonly W[]): Form<Lowercase<W>> {
  const known = new Set(wanted.map((each) => each.toLowerCase()));
  return ({ args }) => {
    const word = args[0]?.toLowerCase() ?? '';
    const isRight = known.has(word) && args.length === 1;
    return isRight ? { value: word as Lowercase<W> } : { fault: notOneOf(args, wanted) };
  };
}

/** The fault of words that are none of those wanted. */
export function notOneOf(words: readonly string[], wanted: readonly string[]): Fault {
  const choices = wanted.map((each) => `"${each}"`).join(' or ');
  return words.length === 0
    ? { message: 'A word is missing', advice: `Write ${choices}` }
    : { message: `"${words.join(' ')}" is not ${choices}`, advice: 'Write one of them' };
}

/** On or Off (httpd `FLAG`, which passes over what stands behind it). */
export const flag: Form<boolean> = ({ args, ...rest }) => soleFlag({ args: args.slice(0, 1), ...rest });

const onOrOff = choice('On', 'Off');

/** On or Off and nothing else (mod_wsgi's). */
export const soleFlag: Form<boolean> = (directive) => {
  const reading = onOrOff(directive);
  return 'fault' in reading ? reading : { value: reading.value === 'on' };
};

/** A number that Apache reads by atoi(3): what looks otherwise is a doubt, what is less than `least` a fault. */
export function number(least: number = -Infinity): Form<number> {
  return (directive) => {
    const reading = text(directive);
    if ('fault' in reading) return reading;
    const value = leadingInteger(reading.value);
    if (value < least) return { fault: notWhole(reading.value, least) };
    return { value, ...misread(reading.value, value) };
  };
}

/** The doubt about a number of which the text says more, or other. */
export function misread(word: string, value: number): { readonly doubt?: Fault } {
  if (isWholeInteger(word, value)) return {};
  const message = `Apache reads ${value} of "${word}"`;
  return { doubt: { message, advice: 'Write the number in digits, without a unit' } };
}

function notWhole(word: string, least: number): Fault {
  return { message: `"${word}" is no number from ${least} on`, advice: 'Write a whole number in digits' };
}

/** A number that has to be one to its end, of 64 bits and not negative (httpd `apr_strtoff()`). */
export const wholeNumber: Form<number> = (directive) => {
  const reading = text(directive);
  if ('fault' in reading) return reading;
  const isWhole = /^[ \t-\r]*(?:\+?\d+|-0+)$/.test(reading.value) && BigInt(reading.value) < 2n ** 63n;
  return isWhole ? { value: Math.abs(Number(reading.value)) } : { fault: notWhole(reading.value, 0) };
};
