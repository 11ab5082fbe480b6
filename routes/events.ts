/** `/api/events`: what happens, as it happens, by server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { AdminModel, EventView } from './model.ts';

/** A comment now and then finds out that a listener has gone. */
const PING_MS = 15_000;

/** Who reads slower than things happen is let go, and may come again: `/api/groups` has the present. */
const MAX_WAITING = 1000;

export function eventRoutes({ events }: Pick<AdminModel, 'events'>): Hono {
  const routes = new Hono();
  routes.get('/api/events', (context) =>
    streamSSE(context, async (stream) => {
      const waiting: EventView[] = [];
      let wake = (): void => undefined;
      let isOver = false;
      const end = (): void => {
        isOver = true;
        wake();
      };
      const stopListening = events((event) => {
        if (waiting.push(event) > MAX_WAITING) end();
        else wake();
      });
      const ping = setInterval(() => void stream.write(': ping\n\n'), PING_MS);
      stream.onAbort(end);
      await stream.write(': listening\n\n');
      while (!isOver) {
        const event = waiting.shift();
        if (event === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else await stream.writeSSE({ event: event.kind, data: JSON.stringify(event) });
      }
      clearInterval(ping);
      stopListening();
    }),
  );
  return routes;
}
