/** Failures of the admin side as application/problem+json (RFC 9457). */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { SidecarError } from '../src/errors.ts';

/** A failure that a handler throws on purpose: `admin.ts` makes it the answer. */
export class Problem extends Error {
  readonly status: ContentfulStatusCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: ContentfulStatusCode, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.headers = headers;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  500: 'Internal error',
};

/** The answer to an error: a Problem is itself, a SidecarError is the asker's mistake, everything else is ours. */
export function problemResponse(context: Context, error: unknown): Response {
  if (error instanceof Problem) return respond(context, error.status, error.message, error.headers);
  if (error instanceof SidecarError) return respond(context, 400, error.message, {}, error.code);
  return respond(context, 500, 'The reason stands in the log', {});
}

function respond(
  context: Context,
  status: ContentfulStatusCode,
  detail: string,
  headers: Readonly<Record<string, string>>,
  code?: string,
): Response {
  const body = {
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    detail,
    ...(code && { code }),
  };
  return context.body(`${JSON.stringify(body)}\n`, status, {
    ...headers,
    'content-type': 'application/problem+json',
  });
}
