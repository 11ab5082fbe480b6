/** A table for people: columns as wide as their widest cell, no lines. */

/** The rows, of which the first may be titles; control characters in cells are made visible, because they come from foreign files. */
export function renderColumns(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => row.map(visible));
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Text that cannot move the cursor or colour a terminal. */
export function visible(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
