import { openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type OpenSocket, OpenSockets } from '../../src/supervisor/open-sockets.ts';

const socket = (address: string | undefined, name = ''): OpenSocket => ({
  fd: 1_000_000,
  address,
  name,
  ownsFile: false,
});

describe('OpenSockets', () => {
  it.each([
    ['the same text', '127.0.0.1:80', '127.0.0.1:80'],
    ['every address', '[::]:80', '*:80'],
    ['every address of IPv4, which systemd can be told to bind alone', '0.0.0.0:80', '*:80'],
    ['another spelling of IPv6', '[::1]:80', '[0:0:0:0:0:0:0:1]:80'],
    ['localhost', '127.0.0.1:80', 'localhost:80'],
    ['a path', 'unix:/run/x.sock', 'unix:/run/x.sock'],
  ])('finds the socket of a listener by address: %s', (_case, address, bind) => {
    const sockets = new OpenSockets([socket('10.9.9.9:1'), socket(address)]);
    expect(sockets.take(bind)?.address).toBe(address);
  });

  it.each([
    ['another port', '127.0.0.1:81', '127.0.0.1:80'],
    ['one address for every address', '127.0.0.1:80', '*:80'],
    ['every address for one', '[::]:80', '127.0.0.1:80'],
    ['a name, which is no address', undefined, '127.0.0.1:80'],
  ])('does not take %s', (_case, address, bind) => {
    expect(new OpenSockets([socket(address, '127.0.0.1')]).take(bind)).toBe(undefined);
  });

  it('finds it by the name that systemd gives it, whatever its address', () => {
    const sockets = new OpenSockets([socket('127.0.0.1:80', 'one'), socket(undefined, 'two')]);
    expect(sockets.take('systemd:two')?.name).toBe('two');
    expect(sockets.take('systemd:three')).toBe(undefined);
  });

  it('gives each away once, the exact one before the wider', () => {
    const sockets = new OpenSockets([socket('0.0.0.0:80'), socket('[::]:80')]);
    expect(sockets.take('*:80')?.address).toBe('[::]:80');
    expect(sockets.take('*:80')?.address).toBe('0.0.0.0:80');
    expect(sockets.take('*:80')).toBe(undefined);
  });

  it("leaves files to the old sidecar until this one serves, and systemd's for ever", () => {
    const sockets = new OpenSockets([
      { ...socket('unix:/a'), ownsFile: true },
      { ...socket('unix:/b'), ownsFile: false },
    ]);
    const [own, foreign] = [sockets.take('unix:/a'), sockets.take('unix:/b')];
    expect([own?.mayRemoveFile(), foreign?.mayRemoveFile()]).toEqual([false, false]);
    sockets.settle();
    expect([own?.mayRemoveFile(), foreign?.mayRemoveFile()]).toEqual([true, false]);
  });

  it('closes those that nobody took', () => {
    const fd = openSync('/dev/null', 'r');
    const sockets = new OpenSockets([{ ...socket('127.0.0.1:80'), fd }]);
    expect(sockets.settle().map((left) => left.fd)).toEqual([fd]);
    expect(sockets.settle()).toEqual([]);
    expect(() => openSync(`/proc/self/fd/${fd}`, 'r')).toThrow();
  });
});
