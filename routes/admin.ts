/**
 * The admin side: its own listener, never on the data path (DESIGN law 8). One factory per resource is mounted here;
 * access is checked before anything is routed, and failures become answers in one place. Nothing changes state by GET.
 */

import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { type AccessOptions, checkAccess } from './access.ts';
import { eventRoutes } from './events.ts';
import { groupRoutes } from './groups.ts';
import { healthRoutes } from './health.ts';
import { metricsRoutes } from './metrics.ts';
import type { AdminModel, MetricsSource } from './model.ts';
import { pageRoutes } from './page.ts';
import { Problem, problemResponse } from './problem.ts';
import { reloadRoutes } from './reload.ts';
import { siteRoutes } from './site.ts';
import { upgradeRoutes } from './upgrade.ts';

export type AdminDeps = {
  readonly model: AdminModel;
  readonly metrics: MetricsSource;
  /** Told of errors that are not the asker's. */
  readonly onError: (error: unknown) => void;
};

/** The application; `request()` on it asks without a socket. */
export function createAdmin({ model, metrics, onError }: AdminDeps, access: AccessOptions): Hono {
  const app = new Hono();
  app.use(checkAccess(access));
  for (const routes of [
    healthRoutes(model),
    metricsRoutes(metrics),
    groupRoutes(model),
    siteRoutes(model),
    reloadRoutes(model),
    upgradeRoutes(model),
    eventRoutes(model),
    pageRoutes(model),
  ])
    app.route('/', routes);
  app.all('*', (context) => {
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD')
      throw new Problem(405, 'Nothing can be changed there: wanted GET or HEAD', {
        headers: { allow: 'GET, HEAD' },
      });
    throw new Problem(
      404,
      `There is no "${context.req.path}": see /api/groups, /api/site, /api/explain, /metrics`,
    );
  });
  app.onError((error, context) => {
    const response = problemResponse(context, error);
    if (response.status >= 500) onError(error);
    return response;
  });
  return app;
}

/** A server that is not listening yet; the caller owns it. */
export function createAdminServer(app: Hono): Server {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  return server;
}
