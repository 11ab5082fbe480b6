/** The schemas that settings are put together from, each with the sentence that says what was wanted. */
import * as v from 'valibot';

/** A text of at least one character. */
export const text: v.GenericSchema<unknown, string> = v.pipe(
  v.string('wanted a text'),
  v.nonEmpty('wanted a text that is not empty'),
);

export const flag: v.GenericSchema<unknown, boolean> = v.boolean('wanted true or false');

/** Texts in order. */
export function texts(wanted: string): v.GenericSchema<unknown, string[]> {
  return v.array(text, wanted);
}

export function wholeNumber(least: number): v.GenericSchema<unknown, number> {
  const wanted = `wanted a whole number of at least ${least}`;
  return v.pipe(v.number(wanted), v.integer(wanted), v.minValue(least, wanted));
}

export function oneOf<const Choices extends readonly string[]>(
  choices: Choices,
): v.GenericSchema<unknown, Choices[number]> {
  return v.picklist(
    choices,
    `wanted ${choices
      .map((choice) => `"${choice}"`)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1')}`,
  );
}

/** A schema from a parser that answers undefined for what it cannot read. */
export function parsed<T>(
  parse: (value: unknown) => T | undefined,
  wanted: string,
): v.GenericSchema<unknown, T> {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: `wanted ${wanted}` });
      return NEVER;
    }),
  ) as v.GenericSchema<unknown, T>;
}

/** A mapping; valibot alone takes a list for one. */
export function section<T>(object: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T> {
  const refuse = parsed<T>(() => undefined, 'settings as "key: value" lines');
  return v.lazy((input) => (typeof input === 'object' && !Array.isArray(input) ? object : refuse));
}
