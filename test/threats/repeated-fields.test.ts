/** Of a field that routes or frames, the front could take one and the application the other. */
import { describe, it } from 'vitest';
import { expectRefusal } from './refusal.ts';

describe('a field that may stand once', () => {
  it.each([
    ['Host', 'Host: a\r\nHost: b\r\n', 'dup_host'],
    ['Host with the same value', 'Host: a\r\nHost: a\r\n', 'dup_host'],
    ['Host in another spelling', 'Host: a\r\nhOST: b\r\n', 'dup_host'],
    ['Content-Type', 'Host: a\r\nContent-Type: a\r\nContent-Type: b\r\n', 'repeated_header'],
  ])('is refused when it stands twice: %s', (_, fields, reason) =>
    expectRefusal(`GET / HTTP/1.1\r\n${fields}\r\n`, { status: 400, reason }),
  );

  it('is found behind any number of others', () =>
    expectRefusal(`GET / HTTP/1.1\r\nHost: a\r\n${'a:\r\n'.repeat(3000)}Host: b\r\n\r\n`, {
      status: 431,
      reason: 'header_too_big',
    }));
});
