/** What Node's parser does not tell of a request line. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { REFUSED_BLANKS, REFUSED_PROTOCOL, type RefusalRule } from './rules.ts';

/** Node's parser holds the bytes that it is parsing for as long as `request` is emitted. */
type ParsedSocket = Socket & { readonly parser?: { getCurrentBuffer?(): Buffer } | null };

/** What else than HTTP Node's parser takes (`ICE/1.0`, `RTSP/1.0`). */
const OTHER_PROTOCOLS = ['RTSP/', 'ICE/'] as const;

/**
 * What Node's parser lets through of a request line and Apache refuses (`HttpProtocolOptions Strict`, RFC 9112 §3): more than one space
 * between its parts, another protocol. To be asked while `request` is emitted; of a line that came in pieces it is not known.
 */
export function loosenessOf({ method = '', url = '', socket }: IncomingMessage): RefusalRule | undefined {
  const bytes = (socket as ParsedSocket).parser?.getCurrentBuffer?.();
  if (bytes === undefined) return undefined;
  const start = `${method} ${url} `;
  const line = `${start}HTTP/`;
  if (bytes.toString('latin1', 0, line.length) === line) return undefined;
  const has = (part: string): boolean => bytes.includes(part, 0, 'latin1');
  if (has(line)) return undefined;
  if (OTHER_PROTOCOLS.some((protocol) => has(start + protocol))) return REFUSED_PROTOCOL;
  return has(`${method}  `) || has(`${url}  `) ? REFUSED_BLANKS : undefined;
}
