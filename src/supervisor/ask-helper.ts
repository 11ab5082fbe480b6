/** One question to the helper process of a dispatch script (`src/python/wsgi_dispatch.py`), over its Unix socket. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { ErrorCode } from '../errors.ts';
import type { Refusal, Upstream } from '../groups/lease.ts';
import type { DispatchAnswer, DispatchQuestion } from '../routing/route.ts';

/** How long the asker waits. */
export type AskLimits = { readonly gone: AbortSignal; readonly timeoutMs: number };

/** An answer is three names; Apache's own limit of a name is that of a header line, 8 KiB. */
const MAX_ANSWER_BYTES = 65_536;

/** What the script says, or why it could not be asked. Never rejects. */
export function askHelper(
  { socketPath }: Pick<Upstream, 'socketPath'>,
  question: DispatchQuestion,
  { gone, timeoutMs }: AskLimits,
): Promise<DispatchAnswer | Refusal> {
  const body = Buffer.from(JSON.stringify(Object.fromEntries(question.environ)), 'utf8');
  const refuse = (code: ErrorCode, what: string): Refusal => ({
    kind: 'refusal',
    code,
    message: `Dispatch script "${question.script}" ${what}`,
  });
  return new Promise((resolve) => {
    const headers = { host: 'dispatch', 'content-length': body.length };
    // A connection for each question: one that is kept might end at the very moment of the next.
    const asking = httpRequest({ socketPath, method: 'POST', path: '/', headers, agent: false });
    const finish = (answer: DispatchAnswer | Refusal): void => {
      clearTimeout(timer);
      gone.removeEventListener('abort', leave);
      asking.destroy();
      resolve(answer);
    };
    const leave = (): void => finish(refuse('ERR_CLIENT_GONE', 'is no longer waited for'));
    const tooLate = (): void =>
      finish(refuse('ERR_UPSTREAM_TIMEOUT', `gave no answer within ${timeoutMs / 1000} s`));
    const timer = setTimeout(tooLate, timeoutMs);
    gone.addEventListener('abort', leave, { once: true });
    asking.on('error', (error) => finish(refuse(codeOf(error), `could not be asked: ${error.message}`)));
    asking.once('response', (response) => {
      readBody(response).then(
        (text) => {
          const answer = response.statusCode === 200 ? parseAnswer(text) : undefined;
          finish(answer ?? refuse('ERR_UPSTREAM_INVALID', 'has a helper whose answer is not understood'));
        },
        () => finish(refuse('ERR_UPSTREAM_TRUNCATED', 'has a helper whose answer broke off')),
      );
    });
    if (gone.aborted) leave();
    else asking.end(body);
  });
}

/** Before a connection stands, nothing has reached the script. */
function codeOf(error: Error): ErrorCode {
  const isUnreached = 'syscall' in error && error.syscall === 'connect';
  return isUnreached ? 'ERR_UPSTREAM_CONNECT' : 'ERR_UPSTREAM_TRUNCATED';
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error('The answer is too long');
  }
  if (!response.complete) throw new Error('The answer broke off');
  return Buffer.concat(chunks).toString('utf8');
}

/** The answer of `wsgi_dispatch.py`; undefined for anything else. */
function parseAnswer(text: string): DispatchAnswer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  const { kind, ...names } = value;
  if (kind === 'not-loaded' || kind === 'failed') return { kind };
  if (kind !== 'names' || !Object.values(names).every((name) => typeof name === 'string')) return undefined;
  return { kind, ...(names as Readonly<Record<string, string>>) };
}
