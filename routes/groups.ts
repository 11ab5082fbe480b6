/** `/api/groups` and `/api/groups/:id`: what there is and how it does; `/api/groups/:id/restart` replaces its processes. */
import { Hono } from 'hono';
import type { AdminModel } from './model.ts';
import { Problem, postWanted } from './problem.ts';

export function groupRoutes({ groups, restart }: Pick<AdminModel, 'groups' | 'restart'>): Hono {
  const routes = new Hono();
  routes.get('/api/groups', (context) => context.json({ groups: groups() }));
  routes.get('/api/groups/:id', (context) => {
    const id = context.req.param('id');
    const found = groups().find((group) => group.id === id);
    if (found === undefined) throw missing(id);
    return context.json(found);
  });
  routes.post('/api/groups/:id/restart', async (context) => {
    const id = context.req.param('id');
    const outcome = await restart(id);
    if (outcome === undefined) throw missing(id);
    if (outcome.result !== 'kept') return context.json(outcome);
    const { failure } = outcome;
    throw new Problem(409, failure.message, { code: 'ERR_GROUP_START_FAILED', more: { failure } });
  });
  routes.all('/api/groups/:id/restart', () => {
    throw postWanted();
  });
  return routes;
}

function missing(id: string): Problem {
  return new Problem(404, `There is no group "${id}": /api/groups lists them`);
}
