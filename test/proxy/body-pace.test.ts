/** The reckoning of a slow body; what becomes of its client is held by request-body.test.ts and unwanted-bodies.test.ts. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BodyPace } from '../../src/proxy/body-pace.ts';
import type { Exchange } from '../../src/proxy/exchange.ts';
import { REFUSED_RATE } from '../../src/proxy/rules.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** Of an exchange whose client has a second, and another one for each hundred bytes. */
function paceOf(): BodyPace {
  const socket = { setTimeout: () => undefined };
  const limits = { bodyTimeoutMs: 1000, bodyMinRate: 100 };
  return new BodyPace({ limits, request: { socket }, isWatched: false } as unknown as Exchange);
}

describe('BodyPace', () => {
  it('counts the time of the client alone, and all of it', () => {
    const pace = paceOf();
    pace.begin(0);
    vi.advanceTimersByTime(600);
    expect(pace.arrived(1)).toBeUndefined();
    pace.rest();
    vi.advanceTimersByTime(60_000);
    pace.begin(1);
    vi.advanceTimersByTime(300);
    expect(pace.arrived(2)).toBeUndefined();
    vi.advanceTimersByTime(300);
    expect(pace.arrived(3)).toBe(REFUSED_RATE);
  });

  it('gives a second more for as many bytes as have to come in one', () => {
    const pace = paceOf();
    pace.begin(0);
    vi.advanceTimersByTime(1900);
    expect(pace.arrived(100)).toBeUndefined();
    vi.advanceTimersByTime(200);
    expect(pace.arrived(100)).toBe(REFUSED_RATE);
  });
});
