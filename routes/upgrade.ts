/** `POST /api/upgrade`: a new sidecar takes the place of this one. */
import { Hono } from 'hono';
import type { AdminModel } from './model.ts';
import { Problem, postWanted } from './problem.ts';

export function upgradeRoutes({ upgrade }: Pick<AdminModel, 'upgrade'>): Hono {
  const routes = new Hono();
  routes.post('/api/upgrade', async (context) => {
    const outcome = await upgrade();
    if (outcome.result === 'succeeded') return context.json(outcome);
    throw new Problem(409, outcome.detail, { code: 'ERR_UPGRADE' });
  });
  routes.all('/api/upgrade', () => {
    throw postWanted();
  });
  return routes;
}
