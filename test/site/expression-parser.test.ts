import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../src/site/expression-parser.ts';

describe('parseExpression()', () => {
  it.each([
    "%{QUERY_STRING} == 'a'",
    "! (%{REQUEST_METHOD} in {'GET', 'HEAD'}) && -n %{HTTP_USER_AGENT}",
    '%{HTTP_HOST} =~ m#^www\\.#i || req("X-A") -strmatch "b*"',
    'tolower(%{REQUEST_URI}) . \'x\' != "y$1"',
    '%{SERVER_PORT} -eq 80 and true',
  ])('reads %s', (text) => {
    expect(parseExpression(text)).not.toHaveProperty('error');
  });

  it.each([
    ['a user', "%{REMOTE_USER} == 'x'", 'cannot be computed'],
    ['a clock', '%{TIME_HOUR} -gt 9', 'not known'],
    ['a file of the server', "file('/etc/x') == ''", 'cannot be computed'],
    ['a request to Apache itself', "-U '/x'", 'cannot be computed'],
    ['a missing operand', '%{QUERY_STRING} ==', 'not understood'],
    ['an open string', "%{QUERY_STRING} == 'a", 'no end'],
    ['text behind the end', 'true false', 'not understood'],
  ])('gives up on %s', (_, text, why) => {
    const parsed = parseExpression(text);
    expect(parsed).toHaveProperty('error');
    expect('error' in parsed ? parsed.error : '').toContain(why);
  });
});
