/** Escaping of URLs for `Location` (httpd `ap_escape_uri()`, `ap_escape_html()`). */

const unsafePath = /[^A-Za-z0-9$\-_.+!*'(),:;@&=/~]/g;

/** `ap_escape_uri()`: what is not a path character becomes `%xx`. */
export function escapeUri(path: string): string {
  return path.replace(unsafePath, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** `ap_escape_html()` as SERVER_NAME gets it. */
export function escapeHtml(text: string): string {
  if (!/[&<>"]/.test(text)) return text;
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (char) => names[char] ?? char);
}
