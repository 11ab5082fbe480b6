import { describe, expect, it } from 'vitest';
import { asksForWebSocket, createHeaderScanner, endsConnection } from '../../src/proxy/headers.ts';

const scan = createHeaderScanner('x-remote-user');

describe('createHeaderScanner()', () => {
  it('passes ordinary fields with lower-case names', () => {
    expect(scan(['Accept', '*/*', 'X-One', '1']).forward).toEqual(['accept', '*/*', 'x-one', '1']);
  });

  it.each([
    ['Keep-Alive'],
    ['Proxy-Connection'],
    ['Proxy-Authorization'],
    ['TE'],
    ['Trailer'],
    ['Transfer-Encoding'],
    ['Upgrade'],
    ['Expect'],
    ['Connection'],
    ['HTTP2-Settings'],
  ])('ends the hop-by-hop field %s here', (name) => {
    expect(scan([name, 'x']).forward).toEqual([]);
  });

  it.each([['X_One'], ['X.One'], ['Remote_User'], ['Content_Length'], ['Proxy'], ['PROXY']])(
    'drops %s, which Apache keeps from applications',
    (name) => {
      expect(scan([name, 'x']).forward).toEqual([]);
    },
  );

  it.each([['x-sidecar-mount'], ['X-Sidecar-Request'], ['X-SIDECAR-anything']])(
    'drops %s, which is ours to send',
    (name) => {
      expect(scan([name, '{}']).forward).toEqual([]);
    },
  );

  it.each([
    ['X-Forwarded-For'],
    ['X-Forwarded-Host'],
    ['X-Forwarded-Anything'],
    ['Forwarded'],
    ['X-Real-IP'],
    ['X-Client-IP'],
    ['X-Script-Name'],
    ['X-Scheme'],
    ['X-HTTPS'],
    ['Remote-User'],
    ['SSL-Client-S-DN'],
    ['X-SSL-Client-Verify'],
  ])('keeps %s apart, for trusted peers only', (name) => {
    const found = scan([name, 'x']);
    expect(found.forward).toEqual([]);
    expect(found.forwarding).toEqual([name.toLowerCase(), 'x']);
  });

  it('takes the identity header out, in every spelling', () => {
    const found = scan(['X-Remote-User', 'alice', 'x-REMOTE-user', 'bob']);
    expect(found).toMatchObject({ forward: [], forwarding: [], users: 2 });
  });

  it('joins repeated fields by a comma, cookies too, as Apache does', () => {
    const found = scan(['Cookie', 'a=1', 'X-One', '1', 'cookie', 'b=2', 'x-one', '2']);
    expect(found.forward).toEqual(['cookie', 'a=1, b=2', 'x-one', '1, 2']);
  });

  it('reads a name that is too long to be kept as any other', () => {
    const long = `x-${'a'.repeat(200)}`;
    expect(scan([long, '1', long.toUpperCase(), '2']).forward).toEqual([long, '1, 2']);
    expect(scan([long, '1', long, '2', 'Connection', long]).forward).toEqual([]);
    expect(scan([long, '1']).forward).toEqual([long, '1']);
  });

  it('does not join fields of different requests', () => {
    scan(['X-One', '1']);
    expect(scan(['X-One', '2']).forward).toEqual(['x-one', '2']);
  });

  it('ends the fields that Connection names', () => {
    const found = scan(['X-One', '1', 'Connection', 'close, X-One', 'X-Two', '2', 'Authorization', 'a']);
    expect(found.forward).toEqual(['x-two', '2']);
    expect(found.authorization).toBe('a');
  });

  it('ends Authorization where Connection names it', () => {
    expect(scan(['Authorization', 'a', 'Connection', 'close, Authorization']).authorization).toBeUndefined();
  });

  it('does not let Connection name away length, Host or what a front says of its client', () => {
    const raw = ['Connection', 'Content-Length, Host, X-Forwarded-For', 'Content-Length', '3'];
    const found = scan([...raw, 'Host', 'a', 'X-Forwarded-For', '10.0.0.1']);
    expect(found).toMatchObject({ length: '3', host: 'a', forwardedFor: '10.0.0.1' });
    expect(found.forwarding).toEqual(['x-forwarded-for', '10.0.0.1']);
  });

  it('counts what may stand once only', () => {
    const raw = ['Host', 'a', 'HOST', 'b', 'Content-Length', '1', 'content-length', '1', 'Content-Type', 'a'];
    expect(scan([...raw, 'content-type', 'b'])).toMatchObject({ hosts: 2, lengths: 2, types: 2, fields: 6 });
  });

  it('stays right when clients make up more names than it keeps', () => {
    const raw = Array.from({ length: 3000 }, (_, i) => [`X-Made-Up-${i}`, `${i}`]).flat();
    expect(scan(raw).forward).toHaveLength(6000);
    expect(scan(['X-Made-Up-1', 'a', 'x-made-up-1', 'b', 'x-sidecar-mount', 'c']).forward).toEqual([
      'x-made-up-1',
      'a, b',
    ]);
  });
});

describe('asksForWebSocket()', () => {
  const handshake = ['Connection', 'keep-alive, Upgrade', 'Upgrade', 'WebSocket', 'Sec-WebSocket-Key', 'x'];

  it.each<readonly [string, readonly string[], boolean]>([
    ['nothing else', [], true],
    ['a length, though of nothing', ['Content-Length', '0'], false],
    ['chunks', ['Transfer-Encoding', 'chunked'], false],
    ['another protocol in a line of its own', ['Upgrade', 'h2c'], false],
  ])('is what a handshake says that has besides: %s', (_, more, asks) => {
    expect(asksForWebSocket(scan([...more, ...handshake]))).toBe(asks);
    expect(asksForWebSocket(scan([...handshake, ...more]))).toBe(asks);
  });

  it.each([['Connection'], ['Upgrade'], ['Sec-WebSocket-Key']])('is none without %s', (name) => {
    const at = handshake.indexOf(name);
    expect(asksForWebSocket(scan([...handshake.slice(0, at), ...handshake.slice(at + 2)]))).toBe(false);
  });
});

describe('endsConnection()', () => {
  it.each([['close'], ['Close'], ['close\t'], ['keep-alive,\tclose '], ['close, x'], ['a ,close']])(
    'is asked for by %j',
    (connection) => expect(endsConnection({ connection }, 1)).toBe(true),
  );

  it.each([[undefined], ['keep-alive'], ['Keep-Alive'], ['closed'], ['x-close'], ['']])(
    'is not asked for by %j',
    (connection) => expect(endsConnection({ connection }, 1)).toBe(false),
  );

  it.each([
    [undefined, true],
    ['close', true],
    ['x', true],
    ['keep-alive, close', true],
    ['keep-alive', false],
    ['x,\tKeep-Alive', false],
  ])('is what HTTP/1.0 means by %j: %j', (connection, ends) =>
    expect(endsConnection({ connection }, 0)).toBe(ends),
  );
});
