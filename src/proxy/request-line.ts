/** What Node's parser does not tell of a request line. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Node's parser holds the bytes that it is parsing for as long as `request` is emitted. */
type ParsedSocket = Socket & { readonly parser?: { getCurrentBuffer?(): Buffer } | null };

/**
 * Whether a request line has more than one space between its parts, which Node's parser lets through and Apache refuses
 * (`HttpProtocolOptions Strict`, RFC 9112 §3). To be asked while `request` is emitted; of a line that came in pieces it is not known.
 */
export function hasLooseRequestLine({ method = '', url = '', socket }: IncomingMessage): boolean {
  const bytes = (socket as ParsedSocket).parser?.getCurrentBuffer?.();
  if (bytes === undefined) return false;
  const line = `${method} ${url} HTTP/`;
  if (bytes.toString('latin1', 0, line.length) === line || bytes.includes(line, 0, 'latin1')) return false;
  return bytes.includes(`${method}  `, 0, 'latin1') || bytes.includes(`${url}  `, 0, 'latin1');
}
