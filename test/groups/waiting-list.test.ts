import { describe, expect, it } from 'vitest';
import { type Ticket, WaitingList } from '../../src/groups/waiting-list.ts';
import { fc, runs } from '../support/property.ts';

const step = fc.oneof(
  fc.record({ kind: fc.constant('push' as const) }),
  fc.record({ kind: fc.constant('shift' as const) }),
  fc.record({ kind: fc.constant('remove' as const), which: fc.nat({ max: 9 }) }),
  fc.record({ kind: fc.constant('expire' as const), ms: fc.nat({ max: 30 }) }),
);

describe('WaitingList', () => {
  it('is a bounded queue from which anyone may go and who waits too long does', () => {
    const run = fc.property(
      fc.nat({ max: 5 }),
      fc.nat({ max: 40 }),
      fc.array(step),
      (limit, timeoutMs, steps) => {
        const list = new WaitingList<number>({ length: limit, timeoutMs });
        let model: Ticket<number>[] = [];
        let now = 0;
        for (const [item, action] of steps.entries()) {
          now += 1;
          if (action.kind === 'push') {
            const ticket = list.push(item, now);
            expect(ticket === undefined).toBe(model.length >= limit);
            if (ticket !== undefined) model.push(ticket);
          } else if (action.kind === 'shift') {
            expect(list.shift()).toBe(model.shift());
          } else if (action.kind === 'remove') {
            const ticket = model[action.which];
            if (ticket === undefined) continue;
            expect(list.remove(ticket)).toBe(true);
            expect(list.remove(ticket)).toBe(false);
            model = model.filter((other) => other !== ticket);
          } else {
            now += action.ms;
            const expired = model.filter(({ sinceMs }) => sinceMs + timeoutMs <= now);
            expect(list.expire(now)).toEqual(expired);
            model = model.filter((ticket) => !expired.includes(ticket));
          }
          expect(list.depth).toBe(model.length);
          expect(list.peek()).toBe(model[0]);
          expect(list.nextDeadlineMs()).toBe(
            model[0] === undefined ? undefined : model[0].sinceMs + timeoutMs,
          );
        }
      },
    );
    fc.assert(run, runs(500));
  });
});
