/** Failures of the admin side as application/problem+json (RFC 9457). */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ErrorCode, SidecarError } from '../src/errors.ts';

/** A failure that a handler throws on purpose: `admin.ts` makes it the answer. */
export class Problem extends Error {
  readonly status: ContentfulStatusCode;
  readonly parts: ProblemParts;

  constructor(status: ContentfulStatusCode, detail: string, parts: ProblemParts = {}) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.parts = parts;
  }
}

type ProblemParts = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly code?: ErrorCode;
  /** Extension members (RFC 9457 §3.2). */
  readonly more?: Readonly<Record<string, unknown>>;
};

/** For paths that change something: looking at them must not (RFC 9110 §9.2.1). */
export function postWanted(): Problem {
  return new Problem(405, 'Wanted POST: this changes the state of the sidecar', {
    headers: { allow: 'POST' },
  });
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Not done, what was in force stays',
  500: 'Internal error',
};

/** The answer to an error: a Problem is itself, a SidecarError is the asker's mistake, everything else is ours. */
export function problemResponse(context: Context, error: unknown): Response {
  if (error instanceof Problem) return respond(context, error.status, error.message, error.parts);
  if (error instanceof SidecarError) return respond(context, 400, error.message, { code: error.code });
  return respond(context, 500, 'The reason stands in the log');
}

function respond(
  context: Context,
  status: ContentfulStatusCode,
  detail: string,
  { headers = {}, code, more = {} }: ProblemParts = {},
): Response {
  const body = {
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    detail,
    ...(code && { code }),
    ...more,
  };
  return context.body(`${JSON.stringify(body)}\n`, status, {
    ...headers,
    'content-type': 'application/problem+json',
  });
}
