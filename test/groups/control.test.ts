import { describe, expect, it } from 'vitest';
import { parseControlMessage } from '../../src/groups/control.ts';
import { fc } from '../support/property.ts';

describe('parseControlMessage()', () => {
  it.each([
    [{ event: 'step', step: 'socket' }],
    [{ event: 'ready', python: '3.11.2', imported: ['/a'], failed: [] }],
    [{ event: 'boot-failed', step: 'home', message: 'm', traceback: 't' }],
    [{ event: 'imported', script: '/a', seconds: 0.5 }],
    [{ event: 'import-failed', script: '/a', message: 'm', traceback: 't' }],
    [{ event: 'stale', script: '/a' }],
    [{ event: 'stopping', reason: 'SIGTERM' }],
  ])('reads %o', (message) => {
    expect(parseControlMessage(JSON.stringify({ ...message, more: 1 }))).toEqual(message);
  });

  it('makes the best of messages that an application made up', () => {
    expect(parseControlMessage('{"event":"ready","imported":[1,"a",null],"failed":"x"}')).toEqual({
      event: 'ready',
      python: '',
      imported: ['a'],
      failed: [],
    });
    expect(parseControlMessage('{"event":"constructor"}')).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => void parseControlMessage(line)));
  });
});
