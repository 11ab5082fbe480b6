/** `POST /api/reload`: settings and configuration are read anew. */
import { Hono } from 'hono';
import type { AdminModel } from './model.ts';
import { Problem, postWanted } from './problem.ts';

export function reloadRoutes({ reload }: Pick<AdminModel, 'reload'>): Hono {
  const routes = new Hono();
  routes.post('/api/reload', async (context) => {
    const outcome = await reload();
    if (outcome.result === 'reloaded') return context.json(outcome);
    throw new Problem(409, outcome.detail, { code: outcome.code });
  });
  routes.all('/api/reload', () => {
    throw postWanted();
  });
  return routes;
}
