/** `/api/site`, `/api/diagnostics`, `/api/explain`: what the configuration means. */
import { Hono } from 'hono';
import type { AdminModel } from './model.ts';
import { Problem } from './problem.ts';

export function siteRoutes({
  site,
  diagnostics,
  lastReload,
  explain,
}: Pick<AdminModel, 'site' | 'diagnostics' | 'lastReload' | 'explain'>): Hono {
  const routes = new Hono();
  routes.get('/api/site', (context) => context.json(site()));
  routes.get('/api/diagnostics', (context) =>
    context.json({ diagnostics: diagnostics(), lastReload: lastReload() }),
  );
  routes.get('/api/explain', (context) => {
    const url = context.req.query('url');
    if (url === undefined || url === '')
      throw new Problem(400, 'Wanted ?url=http://HOST/PATH, the address to explain');
    const port = context.req.query('port');
    if (port !== undefined && !/^\d{1,5}$/.test(port))
      throw new Problem(400, `Port is "${port}": wanted a number`);
    const headers = context.req.queries('header') ?? [];
    const method = context.req.query('method') ?? 'GET';
    return context.json(
      explain({ url, method, headers, ...(port === undefined ? {} : { port: Number(port) }) }),
    );
  });
  return routes;
}
