/** `/api/groups` and `/api/groups/:id`: what there is and how it does. */
import { Hono } from 'hono';
import type { AdminModel } from './model.ts';
import { Problem } from './problem.ts';

export function groupRoutes({ groups }: Pick<AdminModel, 'groups'>): Hono {
  const routes = new Hono();
  routes.get('/api/groups', (context) => context.json({ groups: groups() }));
  routes.get('/api/groups/:id', (context) => {
    const id = context.req.param('id');
    const found = groups().find((group) => group.id === id);
    if (found === undefined) throw new Problem(404, `There is no group "${id}": /api/groups lists them`);
    return context.json(found);
  });
  return routes;
}
