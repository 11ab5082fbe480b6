/** Who the client is, is said by the connection, or by a front that the settings trust; by nobody else. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { environOf, headersOf, ok, stageBefore } from '../proxy/stage.ts';
import { exchange, send } from '../support/raw-http.ts';

const SPOOFED = [
  'Forwarded: for=192.0.2.1',
  'X-Forwarded-For: 192.0.2.1',
  'X-Forwarded-Host: evil.test',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Port: 443',
  'X-Forwarded-Server: evil.test',
  'X-Forwarded-Scheme: https',
  'X-Forwarded-SSL: on',
  'X-Forwarded-HTTPS: on',
  'X-Forwarded-Script-Name: /evil',
  'X-Client-IP: 192.0.2.1',
  'X-Real-IP: 192.0.2.1',
  'X-Host: evil.test',
  'X-Script-Name: /evil',
  'X-Scheme: https',
  'X-HTTPS: on',
  'Remote-User: eve',
  'X-Remote-User: eve',
  'X-User: eve',
  'SSL-Client-S-DN: CN=eve',
  'X-SSL-Client-Verify: SUCCESS',
];
const bytes = `GET / HTTP/1.1\r\nHost: a\r\n${SPOOFED.join('\r\n')}\r\nConnection: close\r\n\r\n`;
const namesOf = (text: string): string[] => [...headersOf(text).keys()];

describe('identity and forwarding headers', () => {
  it('end here when anybody sends them', async () => {
    const stage = await stageBefore(ok('hello'), { front: { userHeader: 'X-User' } });
    await exchange(stage.target, bytes);
    const [text = ''] = stage.recorder.received;
    const spoofed = SPOOFED.map((field) => field.slice(0, field.indexOf(':')).toLowerCase());
    expect(namesOf(text).filter((name) => spoofed.includes(name))).toEqual([]);
    expect(environOf(text)).toMatchObject({ REMOTE_ADDR: '127.0.0.1' });
    expect(environOf(text)).not.toHaveProperty('REMOTE_USER');
    expect(stage.requests[0]?.remoteAddress).toBe('127.0.0.1');
  });

  it('count when a trusted front sends them', async () => {
    const stage = await stageBefore(ok('hello'), {
      front: { userHeader: 'X-User', trustedProxies: ['127.0.0.1'] },
    });
    await exchange(stage.target, bytes);
    const [text = ''] = stage.recorder.received;
    expect(namesOf(text)).toContain('x-forwarded-proto');
    expect(environOf(text)).toMatchObject({ REMOTE_ADDR: '192.0.2.1', REMOTE_USER: 'eve' });
  });

  it('name nobody when the front lets a second identity through', async () => {
    const stage = await stageBefore(ok('hello'), {
      front: { userHeader: 'X-User', trustedProxies: ['127.0.0.1'] },
    });
    await exchange(stage.target, bytes.replace('X-User: eve', 'X-User: eve\r\nX-User: root'));
    expect(environOf(stage.recorder.received[0] ?? '')).not.toHaveProperty('REMOTE_USER');
  });

  it('believe no address that stands left of an untrusted one', async () => {
    const stage = await stageBefore(ok('hello'), { front: { trustedProxies: ['127.0.0.1'] } });
    await exchange(stage.target, bytes.replace('For: 192.0.2.1', 'For: 10.0.0.1, 192.0.2.9'));
    expect(stage.requests[0]?.remoteAddress).toBe('192.0.2.9');
  });

  it('are read as one list where a front writes them in several lines', async () => {
    const stage = await stageBefore(ok('hello'), { front: { trustedProxies: ['127.0.0.1'] } });
    const lines = 'X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-For: 127.0.0.1';
    await exchange(stage.target, bytes.replace('X-Forwarded-For: 192.0.2.1', lines));
    expect(stage.requests[0]?.remoteAddress).toBe('192.0.2.9');
  });

  it('count not from a connection that was reset before it was accepted: it has no address, as those of Unix sockets', async () => {
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('\r\n\r\n') && socket.write(ok('hello'))),
      { front: { trustedProxies: ['unix'], userHeader: 'X-User' } },
    );
    await send(stage.target, '/warm');
    const { port } = stage.target as { readonly port: number };
    const request = JSON.stringify(
      'POST /spoofed HTTP/1.1\r\nHost: a\r\nX-User: eve\r\nContent-Length: 0\r\n\r\n',
    );
    // Nothing is accepted meanwhile.
    spawnSync(process.execPath, [
      '-e',
      `const c = require('net').connect(${port}, '127.0.0.1');
       c.write(${request}, () => c.resetAndDestroy())`,
    ]);
    await send(stage.target, '/later');
    expect(stage.requests.map(({ target }) => target)).toEqual(['/warm', '/later']);
    expect(stage.recorder.received.join('')).not.toContain('eve');
  });
});
