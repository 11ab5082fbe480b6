/** What two servers have to agree on: status, body, and the headers that the application set. */
import type { Answer } from './raw-http.ts';

/** Headers that a server sets for itself or for the connection. */
const OF_THE_SERVER = new Set([
  'accept-ranges',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'server',
  'transfer-encoding',
  'x-request-id',
]);

export type Comparable = {
  readonly status: string;
  readonly headers: readonly string[];
  readonly body: string;
};

/** `ignored` names headers whose value is a time, in lower case. */
export function comparable(answer: Answer, ignored: readonly string[] = []): Comparable {
  return {
    status: `${answer.status} ${answer.reason}`,
    headers: answer.headers
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !OF_THE_SERVER.has(name))
      .map(([name, value]) => `${name}: ${ignored.includes(name) ? '…' : canonical(name, value)}`)
      .sort(),
    body: answer.body.toString('latin1'),
  };
}

/** Apache writes Vary anew, without the spaces (fixup_vary in http_filters.c); it means the same. */
function canonical(name: string, value: string): string {
  return name === 'vary' ? value.replaceAll(/,\s+/g, ',') : value;
}
