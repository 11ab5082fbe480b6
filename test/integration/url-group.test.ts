/** A group whose servers run elsewhere, behind a real sidecar: no request is lost when one of them stops. */
import { createServer, type Server } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { reservePort } from '../support/port.ts';
import { runSidecar } from '../support/sidecar.ts';
import { serveSite } from './beside-apache.ts';

const CONF = `<VirtualHost *:@PORT@>
    ServerName url.test
    WSGIScriptAlias /app @ROOT@/apps/none.wsgi
</VirtualHost>
`;

async function serve(name: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    response.end(
      `${name} ${request.method} ${request.url} ${request.headers['x-sidecar-mount'] !== undefined}`,
    );
  });
  const port = await reservePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${port}`, stop };
}

it('goes on without a server that stops, and shows it', async () => {
  const [first, second] = [await serve('first'), await serve('second')];
  const settings = { groups: { defaults: { url: [first.url, second.url], healthInterval: '60s' } } };
  const { sidecar } = await serveSite({ conf: CONF, files: { 'apps/none.wsgi': '' }, settings });
  const ask = async (): Promise<string> => (await sidecar.get('url.test', '/app/x?y')).text();
  const both = [await ask(), await ask()].sort();
  expect(both).toEqual(['first GET /app/x?y true', 'second GET /app/x?y true']);
  await first.stop();
  for (let i = 0; i < 10; i += 1) expect(await ask()).toMatch(/^second /);
  const groups = await sidecar.ask('/api/groups');
  expect(JSON.parse(groups.text())).toMatchObject({
    groups: [
      {
        processes: [
          { pid: 0, url: first.url, state: 'unhealthy' },
          { url: second.url, state: 'ready' },
        ],
      },
    ],
  });
  const metrics = (await sidecar.ask('/metrics')).text();
  expect(metrics).toMatch(/wsgi_sidecar_processes\{.*state="unhealthy"\} 1/);
  const [{ id }] = (JSON.parse(groups.text()) as { groups: [{ id: string }] }).groups;
  const restarted = await runSidecar('restart', '--config', sidecar.config, id);
  expect(restarted.stdout).toMatch(
    /runs elsewhere: nothing is restarted, its servers were asked anew: 1 of 2 servers answer\n$/,
  );
  await second.stop();
  const answer = await sidecar.get('url.test', '/app');
  expect([answer.status, answer.header('retry-after')]).toEqual([503, '1']);
});
