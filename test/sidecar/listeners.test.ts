import { describe, expect, it } from 'vitest';
import { adviseElsewhere, planDoors } from '../../src/sidecar/listeners.ts';
import type { Listener } from '../../src/site/model.ts';

const position = { file: '/etc/apache2/ports.conf', line: 5 };
const listen = (address: string, port: number, protocol?: string): Listener => ({
  address,
  port,
  position,
  ...(protocol === undefined ? {} : { protocol }),
});

describe('planDoors()', () => {
  it("opens Apache's own listeners as they are", () => {
    expect(planDoors(undefined, [listen('*', 80), listen('::1', 8080)])).toEqual([
      { bind: '*:80', as: {}, tls: false },
      { bind: '[::1]:8080', as: {}, tls: false },
    ]);
  });

  it.each([
    ['0.0.0.0 and [::]', ['0.0.0.0', '::'], '[::]:80'],
    ['[::] and 0.0.0.0', ['::', '0.0.0.0'], '[::]:80'],
    ['* and [::]', ['*', '::'], '*:80'],
  ])('opens one door for %s, since one socket takes both', (_case, addresses, bind) => {
    const doors = planDoors(undefined, [
      ...addresses.map((address) => listen(address, 80)),
      listen('::', 81),
    ]);
    expect(doors.map((door) => door.bind)).toEqual([bind, '[::]:81']);
  });

  it('prefers those of the settings', () => {
    const setting = {
      bind: { kind: 'unix', path: '/run/x' } as const,
      as: { host: '', port: 443 },
      tls: true,
    };
    expect(planDoors([setting], [listen('*', 80)])).toEqual([
      { bind: 'unix:/run/x', as: { port: 443 }, tls: true },
    ]);
  });

  it('keeps the address that a listener stands for', () => {
    const setting = {
      bind: { kind: 'tcp', host: '127.0.0.1', port: 8080 } as const,
      as: { host: '10.0.0.1', port: 80 },
      tls: false,
    };
    expect(planDoors([setting], [])[0]?.as).toEqual({ address: '10.0.0.1', port: 80 });
  });

  it.each([
    ['the protocol https', listen('*', 8443, 'https')],
    ['port 443', listen('10.0.0.1', 443)],
  ])(
    'does not take a listener that speaks TLS (%s) for one that does not, and prints the line to write',
    (_case, one) => {
      expect(() => planDoors(undefined, [one])).toThrow(
        /^\/etc\/apache2\/ports.conf:5: .*listen: \[\{bind: .*tls: true/,
      );
    },
  );

  it('prints the line to write where nothing listens', () => {
    expect(() => planDoors(undefined, [])).toThrow(/listen: \[\{bind: '127.0.0.1:8080', as: '\*:80'\}\]/);
  });
});

describe('adviseElsewhere()', () => {
  const advise = (index: number, ...doors: Parameters<typeof adviseElsewhere>[1]): string => {
    const door = doors[index];
    if (door === undefined) throw new Error(`There is no door ${index}`);
    return adviseElsewhere(door, doors);
  };

  it('writes all doors, the one that is taken on another address', () => {
    const doors = planDoors(undefined, [listen('*', 80), listen('10.0.0.1', 8080)]);
    expect(advise(0, ...doors)).toBe(
      "let the sidecar stand elsewhere for it: listen: [{bind: '127.0.0.1:8080', as: '*:80'}, {bind: '10.0.0.1:8080'}]",
    );
  });

  it('keeps what a door of the settings stands for, and takes no address twice', () => {
    const taken = { bind: '127.0.0.1:8080', as: { port: 443 }, tls: true };
    const socket = { bind: 'unix:/run/front.sock', as: { address: '10.0.0.1', port: 80 }, tls: false };
    expect(advise(0, taken, socket)).toMatch(
      /listen: \[\{bind: '127.0.0.1:8081', as: '\*:443', tls: true\}, \{bind: 'unix:\/run\/front.sock', as: '10.0.0.1:80'\}\]$/,
    );
  });

  it('asks for another path where a socket cannot be made', () => {
    expect(advise(0, { bind: 'unix:/proc/x.sock', as: {}, tls: false })).toContain('a path in "listen"');
  });
});
