/** The parameters of a macro: what becomes of a line of its body (`substitute_macro_args` of httpd modules/core/mod_macro.c). */

/** Apache's buffer for a line, without its line feed and end. */
const maxLineBytes = 8191;

/**
 * A line with the parameters' values: the leftmost parameter first, of two at one place the longer. A parameter that
 * begins with `@` is put in quotes. As in Apache the search goes on behind the *unquoted* length of the value, so that
 * the end of a quoted value may be replaced again, and a line may grow for ever: undefined above 8 KiB.
 */
export function replaceParameters(
  line: string,
  parameters: readonly string[],
  values: readonly string[],
  used: Set<string>,
): string | undefined {
  let text = line;
  let from = 0;
  for (;;) {
    const found = nextParameter(text, from, parameters);
    if (found === undefined) return text;
    const parameter = parameters[found.which] ?? '';
    const value = values[found.which] ?? '';
    used.add(parameter);
    if (parameter !== value) {
      const written = parameter.startsWith('@') ? quoted(value) : value;
      text = text.slice(0, found.at) + written + text.slice(found.at + parameter.length);
      if (text.length >= maxLineBytes) return undefined;
    }
    from = found.at + value.length;
  }
}

function nextParameter(
  text: string,
  from: number,
  parameters: readonly string[],
): { readonly at: number; readonly which: number } | undefined {
  let best: { readonly at: number; readonly which: number } | undefined;
  let length = 0;
  for (const [which, parameter] of parameters.entries()) {
    const at = text.indexOf(parameter, from);
    if (at < 0) continue;
    if (best === undefined || at < best.at || (at === best.at && parameter.length > length)) {
      best = { at, which };
      length = parameter.length;
    }
  }
  return best;
}

function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, (character) => `\\${character}`)}"`;
}
