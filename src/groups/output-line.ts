/** A line that a group process wrote: what it says, and for which request (`wsgi_log.py` marks the lines of requests). */

export type OutputLine = { readonly text: string; readonly requestId?: string };

const MARK = '\u001e';
const ID = /^[!-~]{1,128}$/;

/** Parts the mark of a request, its id and a blank from the rest of the line. */
export function parseOutputLine(line: string): OutputLine {
  if (!line.startsWith(MARK)) return { text: line };
  const end = line.indexOf(' ');
  const requestId = line.slice(MARK.length, end);
  if (end < 0 || !ID.test(requestId)) return { text: line };
  return { text: line.slice(end + 1), requestId };
}
