/** Bytes of a pipe → lines of bounded length; a child that writes no line end cannot make the sidecar hoard its output. */
import { StringDecoder } from 'node:string_decoder';

/** A line's most characters; what is longer is told in pieces. */
const LONGEST_LINE = 8192;

/** Calls `onLine` for each line of the stream, without its end; a last line without an end counts. */
export function readLines(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
  longest: number = LONGEST_LINE,
): void {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  const take = (text: string): void => {
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) inPieces(line, longest, onLine);
    while (pending.length > longest) {
      onLine(pending.slice(0, longest));
      pending = pending.slice(longest);
    }
  };
  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
  stream.on('end', () => {
    take(decoder.end());
    if (pending !== '') onLine(pending);
  });
  // A pipe that breaks ends here; the child's exit tells the rest.
  stream.on('error', () => undefined);
}

function inPieces(line: string, longest: number, onLine: (line: string) => void): void {
  if (line.length <= longest) {
    onLine(line);
    return;
  }
  for (let start = 0; start < line.length; start += longest) onLine(line.slice(start, start + longest));
}
