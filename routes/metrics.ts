/** `/metrics` in Prometheus' text format, or OpenMetrics where Accept prefers it. */
import { Hono } from 'hono';
import { accepts } from 'hono/accepts';
import type { MetricsSource } from './model.ts';

const TEXT = 'text/plain';
const OPENMETRICS = 'application/openmetrics-text';

export function metricsRoutes(metrics: MetricsSource): Hono {
  const routes = new Hono();
  routes.get('/metrics', async (context) => {
    const type = accepts(context, { header: 'Accept', supports: [TEXT, OPENMETRICS], default: TEXT });
    const { contentType, body } = await metrics.expose(type === OPENMETRICS ? 'openmetrics' : 'prometheus');
    return context.body(body, 200, { 'content-type': contentType });
  });
  return routes;
}
