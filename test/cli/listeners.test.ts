import { describe, expect, it } from 'vitest';
import { planDoors } from '../../src/cli/listeners.ts';
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
