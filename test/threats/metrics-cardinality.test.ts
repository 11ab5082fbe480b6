/** No client makes a series: not by its host, its target, its method, nor by the reason why it is refused. */
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../src/metrics/metrics.ts';

describe('a client that makes up values', () => {
  it('finds each of them under a label that was there', async () => {
    const metrics = new Metrics({ version: '1', maxSeries: 10_000 });
    metrics.configurationLoaded({
      groups: [],
      clientsMakeNames: true,
      modWsgiVersion: '4.9',
      maxGroups: 64,
      maxConnections: 0,
    });
    const series = async (): Promise<number> => {
      const { body } = await metrics.expose('prometheus');
      return body.split('\n').filter((line) => line.startsWith('wsgi_sidecar_')).length;
    };
    const tell = (i: number): void =>
      metrics.requestFinished({
        requestId: `r${i}`,
        method: `MADE-UP-${i}`,
        host: `h${i}.test`,
        target: `/t${i}`,
        status: 404,
        arm: 'own',
        reason: `reason_${i}`,
        identity: { processGroup: `p${i}`, applicationGroup: `a${i}` },
        durationSeconds: 0,
        requestBytes: 0,
        responseBytes: 0,
        aborted: false,
      });
    tell(0);
    const before = await series();
    for (let i = 1; i <= 500; i += 1) tell(i);
    expect(await series()).toBe(before);
  });
});
