/** What names a script, with options of the form name=value behind it (mod_wsgi `wsgi_parse_option()`): its words. */
import { readWord } from '../apache/lexer.ts';
import { parseOptions } from '../apache/options.ts';
import { nearest } from '../nearest.ts';
import type { Fault, Form } from './word-forms.ts';

/** What such a directive takes: words in front, called by name in messages, and the names of its options. */
export type ScriptShape = {
  /** As it is called in messages, e.g. `a script alias`. */
  readonly title: string;
  readonly words: readonly string[];
  readonly options: readonly string[];
};

/** The words in front, and the options in their order. */
export type ScriptWords = {
  readonly words: readonly string[];
  readonly options: readonly (readonly [name: string, value: string])[];
};

/** Reads the text of such a directive; mod_wsgi takes an option any number of times, the last one counts. */
export function scriptWords(shape: ScriptShape): Form<ScriptWords> {
  return ({ text }) => {
    const words: string[] = [];
    let at = 0;
    for (const name of shape.words) {
      const { word, next } = readWord(text, at);
      if (word === '') return { fault: missing(shape, name) };
      words.push(word);
      at = next;
    }
    const options = parseOptions(text, at);
    const fault = options === undefined ? misshapen(shape) : optionFault(shape, options);
    return fault === undefined ? { value: { words, options: options ?? [] } } : { fault };
  };
}

/** The value of an option; `%{GLOBAL}` is the empty name where `isGroup`. */
export function lastOption({ options }: ScriptWords, name: string, isGroup: boolean): string | undefined {
  const value = options.findLast(([each]) => each === name)?.[1];
  return isGroup && value === '%{GLOBAL}' ? '' : value;
}

function missing({ title, words }: ScriptShape, name: string): Fault {
  return { message: `The ${name} of ${title} is missing`, advice: `Write ${words.join(' and ')}` };
}

function misshapen({ title, options }: ScriptShape): Fault {
  const message = `The options of ${title} have the form name=value`;
  return { message, advice: `It knows ${options.join(', ')}` };
}

function optionFault(
  { title, options: known }: ScriptShape,
  options: ScriptWords['options'],
): Fault | undefined {
  for (const [name, value] of options) {
    if (!known.includes(name)) {
      const meant = nearest(name, known);
      const advice = meant === undefined ? `It knows ${known.join(', ')}` : `Did you mean "${meant}"?`;
      return { message: `"${name}" is no option of ${title}`, advice };
    }
    if (value === '') return { message: `"${name}" has no value`, advice: 'Give it one, or remove it' };
    if (name === 'pass-authorization' && !/^(?:on|off)$/i.test(value))
      return { message: `"${name}" is "${value}"`, advice: 'Write On or Off' };
  }
  return undefined;
}

const GROUPS = ['process-group', 'application-group'];

type ScriptName =
  `wsgi${'scriptalias' | 'handlerscript' | 'importscript' | 'dispatchscript' | 'accessscript' | 'authuserscript' | 'authgroupscript'}`;

/** By lower-case name. */
export const scriptForms: Readonly<Record<ScriptName, Form<ScriptWords>>> = {
  wsgiscriptalias: scriptWords({
    title: 'a script alias',
    words: ['URL path', 'script'],
    options: [...GROUPS, 'callable-object', 'pass-authorization'],
  }),
  wsgihandlerscript: scriptWords({
    title: 'a handler script',
    words: ['name', 'script'],
    options: [...GROUPS, 'pass-authorization'],
  }),
  wsgiimportscript: scriptWords({ title: 'an imported script', words: ['script'], options: GROUPS }),
  wsgidispatchscript: serverScript('a dispatch script'),
  wsgiaccessscript: serverScript('an access script'),
  wsgiauthuserscript: serverScript('a script of users'),
  wsgiauthgroupscript: serverScript('a script of groups'),
};

function serverScript(title: string): Form<ScriptWords> {
  return scriptWords({ title, words: ['script'], options: ['application-group'] });
}
