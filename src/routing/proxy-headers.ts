/**
 * What a front's headers change in the environ (mod_wsgi `wsgi_process_proxy_headers()`): only headers that
 * `WSGITrustedProxyHeaders` lists, only from `WSGITrustedProxies` where that is set. Names of groups are never changed by them.
 */
import { type AddressBlock, blockHolds, parseAddress } from '../site/address-block.ts';
import { headerValue } from './headers.ts';
import type { EnvironChanges, RouteRequest } from './route.ts';

/** The directives in force. */
export type ProxyTrust = {
  /** Names as the environ has them, e.g. `HTTP_X_FORWARDED_FOR`. */
  readonly headers: readonly string[];
  /** Undefined where every client is trusted. */
  readonly proxies: readonly AddressBlock[] | undefined;
};

/** Headers of one meaning: those that were not taken are removed. */
const categories: readonly (readonly string[])[] = [
  ['HTTP_X_FORWARDED_FOR', 'HTTP_X_CLIENT_IP', 'HTTP_X_REAL_IP'],
  [
    'HTTP_X_FORWARDED_HTTPS',
    'HTTP_X_FORWARDED_PROTO',
    'HTTP_X_FORWARDED_SCHEME',
    'HTTP_X_FORWARDED_SSL',
    'HTTP_X_HTTPS',
    'HTTP_X_SCHEME',
  ],
  ['HTTP_X_FORWARDED_HOST', 'HTTP_X_HOST'],
  ['HTTP_X_SCRIPT_NAME', 'HTTP_X_FORWARDED_SCRIPT_NAME'],
];

type Draft = { readonly set: Map<string, string>; readonly unset: Set<string> };

/** The changes for a request, or undefined where nothing is trusted. */
export function proxyChanges(
  request: RouteRequest,
  trust: ProxyTrust | undefined,
): EnvironChanges | undefined {
  if (trust === undefined) return undefined;
  const draft: Draft = { set: new Map(), unset: new Set() };
  const taken = new Set<string>();
  if (isTrusted(request.remoteAddress, trust.proxies)) {
    for (const name of trust.headers) {
      const value = headerValue(
        request.rawHeaders,
        name.slice('HTTP_'.length).toLowerCase().replaceAll('_', '-'),
      );
      if (value !== undefined) takeHeader(draft, taken, { name, value, proxies: trust.proxies });
    }
  }
  for (const category of categories) {
    if (!category.some((name) => trust.headers.includes(name))) continue;
    const kept = lastTaken(trust.headers, category, taken);
    for (const name of category) if (name !== kept) draft.unset.add(name);
  }
  return draft;
}

/** mod_wsgi keeps the header of a category that it took last. */
function lastTaken(
  order: readonly string[],
  category: readonly string[],
  taken: ReadonlySet<string>,
): string | undefined {
  return order.findLast((name) => category.includes(name) && taken.has(name));
}

function isTrusted(address: string, proxies: ProxyTrust['proxies']): boolean {
  if (proxies === undefined) return true;
  const bytes = parseAddress(address);
  return bytes !== undefined && proxies.some((block) => blockHolds(block, bytes));
}

type Header = { readonly name: string; readonly value: string; readonly proxies: ProxyTrust['proxies'] };

function takeHeader(draft: Draft, taken: Set<string>, { name, value, proxies }: Header): void {
  taken.add(name);
  switch (name) {
    case 'HTTP_X_FORWARDED_FOR':
      takeForwardedFor(draft, value, proxies);
      return;
    case 'HTTP_X_CLIENT_IP':
    case 'HTTP_X_REAL_IP':
      draft.set.set('REMOTE_ADDR', value);
      return;
    case 'HTTP_X_FORWARDED_HOST':
    case 'HTTP_X_HOST':
      draft.set.set('HTTP_HOST', value);
      return;
    case 'HTTP_X_FORWARDED_SERVER':
      draft.set.set('SERVER_NAME', value);
      return;
    case 'HTTP_X_FORWARDED_PORT':
      draft.set.set('SERVER_PORT', value);
      return;
    case 'HTTP_X_SCRIPT_NAME':
    case 'HTTP_X_FORWARDED_SCRIPT_NAME':
      draft.set.set('mod_wsgi.mount_point', value);
      draft.set.set('SCRIPT_NAME', value);
      return;
    case 'HTTP_X_FORWARDED_PROTO':
    case 'HTTP_X_FORWARDED_SCHEME':
    case 'HTTP_X_SCHEME':
      takeScheme(draft, /^https$/i.test(value), /^http$/i.test(value));
      return;
    case 'HTTP_X_FORWARDED_HTTPS':
    case 'HTTP_X_FORWARDED_SSL':
    case 'HTTP_X_HTTPS':
      takeScheme(draft, /^(?:on|true|1)$/i.test(value), /^(?:off|false|0)$/i.test(value));
  }
}

function takeScheme(draft: Draft, isSecure: boolean, isPlain: boolean): void {
  if (isSecure) draft.set.set('wsgi.url_scheme', 'https');
  else if (isPlain) draft.set.set('wsgi.url_scheme', 'http');
}

/** With a list of proxies the client is left of the last trusted one, seen from the right; without, it is the first. */
function takeForwardedFor(draft: Draft, value: string, proxies: ProxyTrust['proxies']): void {
  const items = value.split(',').map((item) => item.trim());
  if (proxies === undefined) {
    if ((items[0] ?? '') !== '') draft.set.set('REMOTE_ADDR', items[0] as string);
    return;
  }
  let first = items.length;
  while (
    first > 0 &&
    parseAddress(items[first - 1] as string) !== undefined &&
    isTrusted(items[first - 1] as string, proxies)
  ) {
    first -= 1;
  }
  const start = first === items.length ? items.length - 1 : Math.max(0, first - 1);
  draft.set.set('REMOTE_ADDR', items[start] as string);
  draft.set.set('HTTP_X_FORWARDED_FOR', items.slice(start).join(', '));
}
