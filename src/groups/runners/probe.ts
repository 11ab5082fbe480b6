/** Asking a server whether it serves: one connection, one request, one answer. */
import { request as openRequest } from 'node:http';
import { connect } from 'node:net';
import type { Place } from '../lease.ts';

/** What is asked, and how long an answer may take. */
export type Question = {
  /** Absent: `OPTIONS *`, which does nothing, and to which any answer will do. */
  readonly path?: string;
  readonly timeoutMs: number;
};

/** Undefined when the server answers as it should; else what is wrong, as half a sentence. */
export function probe(place: Place, { path, timeoutMs }: Question): Promise<string | undefined> {
  return new Promise((resolve) => {
    const method = path === undefined ? 'OPTIONS' : 'GET';
    const headers = { host: 'localhost', connection: 'close' };
    const request = openRequest({ ...place, method, path: path ?? '*', headers, agent: false });
    const late = setTimeout(() => {
      resolve(`no answer within ${timeoutMs / 1000} s`);
      request.destroy();
    }, timeoutMs);
    const settle = (problem: string | undefined): void => {
      clearTimeout(late);
      resolve(problem);
      request.destroy();
    };
    request.once('error', (error) => settle(describeError(error)));
    request.once('response', ({ statusCode = 0 }) => {
      const isWell = path === undefined || (statusCode >= 200 && statusCode < 400);
      settle(isWell ? undefined : `"${path}" is answered with ${statusCode}`);
    });
    request.end();
  });
}

/** Undefined when somebody takes connections there; else what is wrong, as half a sentence. */
export function probeConnection(place: Place, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = 'socketPath' in place ? connect(place.socketPath) : connect(place);
    const settle = (problem: string | undefined): void => {
      resolve(problem);
      socket.destroy();
    };
    socket.setTimeout(timeoutMs, () => settle(`no connection within ${timeoutMs / 1000} s`));
    socket.once('connect', () => settle(undefined));
    socket.once('error', (error) => settle(describeError(error)));
  });
}

function describeError(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nobody listens there',
    ENOENT: 'there is no such socket',
    ENOTFOUND: 'its name leads nowhere',
    ECONNRESET: 'the connection was broken off',
    HPE_INVALID_CONSTANT: 'what it answers is no HTTP',
  };
  return known[code] ?? error.message;
}
