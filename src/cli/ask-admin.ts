/** A question to the admin listener of a running sidecar. */
import { request } from 'node:http';
import type { SocketAddress } from '../settings/address.ts';

const TIMEOUT_MS = 2_000;

/** The JSON answer; undefined when nobody, or not a sidecar that lets us, answers. */
export function askAdmin(place: SocketAddress, path: string, token: string | undefined): Promise<unknown> {
  const where = place.kind === 'unix' ? { socketPath: place.path } : { host: place.host, port: place.port };
  const headers = { host: 'localhost', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  return new Promise((resolve) => {
    const asked = request({ ...where, path, headers, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) });
    asked.once('error', () => resolve(undefined));
    asked.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', () => resolve(undefined));
      response.once('end', () => resolve(response.statusCode === 200 ? parseJson(chunks) : undefined));
    });
    asked.end();
  });
}

function parseJson(chunks: readonly Buffer[]): unknown {
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
