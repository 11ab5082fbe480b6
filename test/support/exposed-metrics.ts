/** What `/metrics` says before anything has happened. */
import { Metrics } from '../../src/metrics/metrics.ts';

/** In Prometheus' text format, of a configuration without groups. */
export async function exposedMetrics(): Promise<string> {
  const metrics = new Metrics({ version: '0', maxSeries: 1000 });
  metrics.configurationLoaded({
    groups: [],
    clientsMakeNames: false,
    modWsgiVersion: '4.9',
    maxGroups: 64,
    maxConnections: 8192,
  });
  return (await metrics.expose('prometheus')).body;
}
