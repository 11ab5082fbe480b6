/** Request headers as httpd's tables have them: names without case, repeated ones joined by commas. */

/** The value of a header, or undefined. */
export function headerValue(rawHeaders: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at] as string;
    if (header.length !== name.length || header.toLowerCase() !== name) continue;
    const next = (rawHeaders[at + 1] as string).trim();
    value = value === undefined ? next : `${value}, ${next}`;
  }
  return value;
}
