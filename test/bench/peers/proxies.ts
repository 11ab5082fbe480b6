/** Proxies that are measured alone, and the static upstream behind all of them. */
import { join } from 'node:path';
import { freePort, type Stage, waitForSocket } from '../stage.ts';
import type { Peer, Setting, StartedPeer } from './peer.ts';

/** What the static upstream answers. */
export const staticBody = 'Hello from a static upstream\n';

/** HAProxy on one thread. */
export const haproxyProxy: Peer = {
  name: 'HAProxy',
  async start(setting) {
    const port = await freePort();
    const name = 'haproxy';
    const configuration = setting.stage.write(
      `${name}.cfg`,
      haproxyConfiguration([
        'frontend in',
        `  bind 127.0.0.1:${port}`,
        '  default_backend out',
        'backend out',
        '  http-reuse always',
        `  server static unix@${setting.serves}`,
      ]),
    );
    return startHaproxy(setting, name, configuration, `http://127.0.0.1:${port}`);
  },
};

/** Caddy; Go takes its number of threads from the cores that taskset leaves. */
export const caddyProxy: Peer = {
  name: 'Caddy',
  async start({ stage, cores, serves }) {
    const port = await freePort();
    const name = 'caddy';
    const configuration = stage.write(
      'Caddyfile',
      `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy unix/${serves}
}
`,
    );
    const child = stage.start({
      name,
      cores,
      command: ['caddy', 'run', '--adapter', 'caddyfile', '--config', configuration],
      environment: { XDG_DATA_HOME: stage.path('caddy-data'), XDG_CONFIG_HOME: stage.path('caddy-config') },
    });
    return { url: `http://127.0.0.1:${port}`, child, logPath: stage.logPath(name) };
  },
};

/** http-proxy as its manual shows it, with an agent that keeps connections. */
export const plainHttpProxy: Peer = {
  name: 'plain http-proxy',
  start: (setting) => startNode(setting, 'plain-http-proxy', setting.serves),
};

/** Node's http server that answers by itself: what Node can do at most. */
export const bareNode: Peer = {
  name: 'bare Node server',
  start: (setting) => startNode(setting, 'bare-node', staticBody),
};

/** The sidecar's front path, with a lease that is always there and the static upstream behind it. */
export const sidecarFront: Peer = {
  name: 'sidecar',
  start: (setting) => startNode(setting, 'sidecar-front', setting.serves),
};

/** Starts the upstream, HAProxy answering by itself, and returns its Unix socket. */
export async function startStaticUpstream(stage: Stage, cores: string): Promise<string> {
  const name = 'static-upstream';
  const socket = stage.path(`${name}.sock`);
  const answer = `http-request return status 200 content-type text/plain string "${staticBody.trim()}\\n"`;
  const configuration = stage.write(
    `${name}.cfg`,
    haproxyConfiguration(['frontend static', `  bind unix@${socket} mode 666`, `  ${answer}`]),
  );
  const { logPath } = startHaproxy({ stage, cores }, name, configuration, '');
  await waitForSocket(socket, logPath);
  return socket;
}

function haproxyConfiguration(lines: readonly string[]): string {
  return `global
  nbthread 1
  maxconn 2000
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
${lines.join('\n')}
`;
}

function startHaproxy(
  { stage, cores }: Pick<Setting, 'stage' | 'cores'>,
  name: string,
  configuration: string,
  url: string,
): StartedPeer {
  const child = stage.start({ name, cores, command: ['haproxy', '-db', '-f', configuration] });
  return { url, child, logPath: stage.logPath(name) };
}

/** Starts `servers/NAME.js` of the built benchmark with a port and one more argument. */
async function startNode({ stage, cores }: Setting, name: string, argument: string): Promise<StartedPeer> {
  const port = await freePort();
  const program = join(import.meta.dirname, '..', 'servers', `${name}.js`);
  const command = [process.execPath, program, String(port), argument] as const;
  const child = stage.start({ name, cores, command: [...command] });
  return { url: `http://127.0.0.1:${port}`, child, logPath: stage.logPath(name) };
}
