/** A path that the front reads otherwise than the application leads past the rules of the front: what Apache looks at is what is routed. */
import { describe, expect, it } from 'vitest';
import { REJECTED_REASONS } from '../../src/metrics/reasons.ts';
import { processPath } from '../../src/routing/path.ts';
import { noRouteOf, siteOf } from '../support/site-of.ts';

const apache = { mergeSlashes: true, encodedSlashes: 'off' } as const;

describe('a path', () => {
  it.each([
    ['an encoded slash', '/a%2Fb', 404, 'encoded_slash'],
    ['an encoded NUL', '/a%00b', 404, 'encoded_slash'],
    ['a way above the root', '/../etc/passwd', 400, 'target'],
    ['an encoded way above the root', '/%2e%2e/etc/passwd', 400, 'target'],
    ['half an escape', '/a%2', 400, 'target'],
  ])('is refused with %s, and counted', (_, path, status, reason) => {
    expect(noRouteOf(siteOf(''), `http://a${path}`)).toMatchObject({ status, reason });
    expect(REJECTED_REASONS.has(reason)).toBe(true);
  });

  it.each([
    ['an encoded letter', '/%61dmin', '/admin'],
    ['dot segments', '/public/../admin', '/admin'],
    ['encoded dot segments', '/public/%2e%2e/admin', '/admin'],
    ['doubled slashes', '//admin///x', '/admin/x'],
    ['an encoded backslash, which is a letter', '/a%5Cb', '/a\\b'],
    ['a double escape, once', '/%2561dmin', '/%61dmin'],
  ])('is routed as Apache reads it: %s', (_, path, read) => {
    expect(processPath(path, apache)).toEqual({ path: read });
  });
});
