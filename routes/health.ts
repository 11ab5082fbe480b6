/** `/livez`: the sidecar runs. `/readyz`: it serves; 503 while it starts or drains. */
import { Hono } from 'hono';
import type { AdminModel } from './model.ts';

export function healthRoutes({ readiness }: Pick<AdminModel, 'readiness'>): Hono {
  const routes = new Hono();
  routes.get('/livez', (context) => context.json({ status: 'alive' }));
  routes.get('/readyz', (context) => {
    const { ready, state } = readiness();
    return context.json({ status: state }, ready ? 200 : 503);
  });
  return routes;
}
