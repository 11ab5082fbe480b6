/**
 * Who may ask: the admin listener is on loopback or a Unix socket, and still a browser on the machine could be made to
 * ask for a stranger's page. So a Host that is no loopback literal is refused (DNS rebinding), and so is a request that
 * a browser sent on behalf of another site (Fetch Metadata, https://www.w3.org/TR/fetch-metadata/).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { Problem } from './problem.ts';

export type AccessOptions = {
  /** On a Unix socket the Host header leads nowhere; over TCP it must be a loopback literal. */
  readonly transport: 'tcp' | 'unix';
  /** What `Authorization: Bearer` must hold, asked anew for each request; health checks are free. */
  readonly token?: () => string | undefined;
};

const LOOPBACK_HOST = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)(?::\d{1,5})?$/i;
const FREE_PATHS: ReadonlySet<string> = new Set(['/livez', '/readyz']);

/** Refuses with 403 what a foreign page could have sent, and with 401 what lacks the token. */
export function checkAccess({ transport, token }: AccessOptions): MiddlewareHandler {
  return async (context, next) => {
    const header = (name: string): string | undefined => context.req.header(name);
    const host = header('host') ?? '';
    if (transport === 'tcp' && !LOOPBACK_HOST.test(host))
      throw new Problem(403, `Host is "${host}": wanted a loopback address such as "127.0.0.1"`);
    const origin = header('origin');
    if (origin !== undefined && origin.toLowerCase() !== `http://${host}`.toLowerCase())
      throw new Problem(403, `Origin is "${origin}": pages of other origins may not ask`);
    const site = header('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none')
      throw new Problem(403, `Sec-Fetch-Site is "${site}": pages of other sites may not ask`);
    const wanted = token?.();
    if (
      wanted !== undefined &&
      !FREE_PATHS.has(context.req.path) &&
      !holdsToken(header('authorization'), wanted)
    )
      throw new Problem(
        401,
        'Wanted "Authorization: Bearer TOKEN" with the token of the setting admin.token',
        { headers: { 'www-authenticate': 'Bearer realm="wsgi-sidecar"' } },
      );
    await next();
    context.header('cache-control', 'no-store');
    context.header('x-content-type-options', 'nosniff');
    context.header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    );
  };
}

/** Compared by digest: equal lengths, and no time that tells how much was right. */
function holdsToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
