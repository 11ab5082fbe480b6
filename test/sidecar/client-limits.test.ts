import { describe, expect, it } from 'vitest';
import { webSocketLimits } from '../../src/sidecar/client-limits.ts';

const CHAT = { processGroup: 'chat', applicationGroup: '' };

describe('webSocketLimits()', () => {
  it('takes what a group says before what is said of all', () => {
    const groups = { defaults: { webSockets: 9, webSocketTimeout: 1000 }, chat: { webSockets: 2 } };
    expect(webSocketLimits(groups, CHAT)).toEqual({ count: 2, timeoutMs: 1000 });
    expect(webSocketLimits(groups, { ...CHAT, processGroup: 'other' })).toEqual({
      count: 9,
      timeoutMs: 1000,
    });
  });

  it('says nothing where nothing is said', () => {
    expect(webSocketLimits({}, CHAT)).toEqual({});
  });
});
