import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/groups/clock.ts';

describe('systemClock', () => {
  it('waits for longer than Node can, too', async () => {
    const first = await new Promise<string>((resolve) => {
      const callOff = systemClock.after(90 * 86_400_000, () => resolve('ninety days'));
      // A timer of the clock alone keeps nobody alive.
      setTimeout(() => {
        callOff();
        resolve('fifty milliseconds');
      }, 50);
    });
    expect(first).toBe('fifty milliseconds');
  });
});
