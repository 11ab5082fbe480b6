/** The command line's way to a sidecar that runs: its admin listener, found and opened by the same settings. */
import { type IncomingMessage, request } from 'node:http';
import type { ProblemView } from '../../routes/model.ts';
import { SidecarError } from '../errors.ts';
import { renderAddress, type SocketAddress } from '../settings/address.ts';

/** The settings by which a running sidecar is found. */
export type AdminPlace = { readonly listen: SocketAddress; readonly token?: string };

/** The settings that commands to a running sidecar take as flags. */
export const ADMIN_KEYS: readonly string[] = ['admin.listen'];

/** What the sidecar did, or, with its state as it was, why it did not. */
export type CommandAnswer =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly problem: ProblemView };

/** How long a sidecar may take to say how things are; what it is told to do takes as long as it takes. */
const QUESTION_TIMEOUT_MS = 2_000;

/** The JSON answer; undefined when nobody, or not a sidecar that lets us, answers. */
export async function askAdmin(place: AdminPlace, path: string): Promise<unknown> {
  try {
    const { status, body } = await exchange(place, { method: 'GET', path, timeoutMs: QUESTION_TIMEOUT_MS });
    return status === 200 ? body : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON answer; rejects with ERR_ADMIN, which says what to do, where there is none. */
export async function queryAdmin(place: AdminPlace, path: string): Promise<unknown> {
  const answer = await exchange(place, { method: 'GET', path, timeoutMs: QUESTION_TIMEOUT_MS });
  if (answer.status === 200) return answer.body;
  throw unexpected(place, answer);
}

/** Has the sidecar do something and waits for the end of it; rejects with ERR_ADMIN where it cannot be told. */
export async function commandAdmin(place: AdminPlace, path: string): Promise<CommandAnswer> {
  const answer = await exchange(place, { method: 'POST', path });
  if (answer.status === 200) return { kind: 'done', value: answer.body };
  if (answer.status === 409) return { kind: 'refused', problem: answer.body as ProblemView };
  throw unexpected(place, answer);
}

type Sent = { readonly method: string; readonly path: string; readonly timeoutMs?: number };
type Received = { readonly status: number; readonly body: unknown };

function exchange(place: AdminPlace, { method, path, timeoutMs }: Sent): Promise<Received> {
  const { listen, token } = place;
  const where =
    listen.kind === 'unix' ? { socketPath: listen.path } : { host: listen.host, port: listen.port };
  const headers = { host: 'localhost', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const signal = timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) };
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, method, path, headers, agent: false, ...signal });
    asked.once('error', (cause: NodeJS.ErrnoException) => reject(unreachable(place, cause)));
    asked.once('response', (response) => {
      readJson(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, body }),
        (cause: NodeJS.ErrnoException) => reject(unreachable(place, cause)),
      );
    });
    asked.end();
  });
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

function unreachable({ listen }: AdminPlace, cause: NodeJS.ErrnoException): SidecarError {
  const at = renderAddress(listen);
  const message =
    cause.code === 'EACCES'
      ? `This user may not connect to the admin listener "${at}": ask as the sidecar's user or as root`
      : cause.code === 'ECONNRESET' || cause.name === 'AbortError' || cause.name === 'TimeoutError'
        ? `The sidecar on "${at}" gave no answer: see its log`
        : `No sidecar answers on "${at}" (${cause.code ?? cause.message}): start it by "wsgi-sidecar run", or name its address by --admin ADDRESS or --config FILE`;
  return new SidecarError('ERR_ADMIN', message, { cause });
}

function unexpected({ listen }: AdminPlace, { status, body }: Received): SidecarError {
  const at = renderAddress(listen);
  const problem = body as Partial<ProblemView> | undefined;
  if (status === 401) {
    const message = `The sidecar on "${at}" wants its token: give it by WSGI_SIDECAR_ADMIN_TOKEN, or by "admin: {token: …}" in the file of --config`;
    return new SidecarError('ERR_ADMIN', message);
  }
  if (problem?.detail === undefined) {
    const message = `What answers on "${at}" is no sidecar (status ${status}): name the sidecar's address by --admin ADDRESS or --config FILE`;
    return new SidecarError('ERR_ADMIN', message);
  }
  return new SidecarError('ERR_ADMIN', problem.detail);
}
