import { describe, expect, it } from 'vitest';
import { watchSignals } from '../../src/supervisor/signals.ts';

function record(): { readonly seen: string[]; readonly stop: () => void } {
  const seen: string[] = [];
  const stop = watchSignals({
    drain: (signal) => seen.push(`drain ${signal}`),
    abandon: (signal) => seen.push(`abandon ${signal}`),
    reload: () => seen.push('reload'),
  });
  return { seen, stop };
}

describe('watchSignals()', () => {
  it('drains at the first signal to end and abandons at the second', () => {
    const { seen, stop } = record();
    process.emit('SIGTERM', 'SIGTERM');
    process.emit('SIGINT', 'SIGINT');
    stop();
    expect(seen).toEqual(['drain SIGTERM', 'abandon SIGINT']);
  });

  it('reloads at every HUP and goes on', () => {
    const { seen, stop } = record();
    process.emit('SIGHUP', 'SIGHUP');
    process.emit('SIGHUP', 'SIGHUP');
    stop();
    expect(seen).toEqual(['reload', 'reload']);
  });

  it('leaves no listener behind', () => {
    const before = process.listenerCount('SIGTERM');
    record().stop();
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
