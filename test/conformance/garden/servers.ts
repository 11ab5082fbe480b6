/** The servers of the garden, each in front of a recorder of its own. */
import { chmodSync } from 'node:fs';
import { reservePort } from '../../support/port.ts';
import { openSocket } from '../../support/raw-http.ts';
import { startProcess } from '../../support/real-process.ts';
import { startSidecar } from '../../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { type GardenRecorder, startGardenRecorder } from './recorder.ts';

export type GardenServer = {
  readonly name: string;
  readonly port: number;
  readonly recorder: GardenRecorder;
  stop(): Promise<void>;
};

const MODULES = '/usr/lib/apache2/modules';

/** The sidecar: a group that runs elsewhere, so that its requests leave as HTTP like those of the others. */
export async function startSidecarInGarden(): Promise<GardenServer> {
  const recorder = await startGardenRecorder();
  const folder = makeTemporaryFolder();
  const apache = folder.write(
    'apache.conf',
    `Listen 80
ServerName wire.test
WSGIScriptAlias / ${folder.path}/elsewhere.wsgi
WSGIApplicationGroup %{GLOBAL}
WSGIChunkedRequest On
<Directory ${folder.path}>
  Require all granted
</Directory>
`,
  );
  folder.write('elsewhere.wsgi', '');
  const url = [`http://127.0.0.1:${recorder.port}`];
  // The recorder sees no question but the clients'.
  const settings = { groups: { defaults: { url, healthInterval: '3600s' } } };
  const sidecar = await startSidecar({ apache, as: '*:80', settings });
  const stop = async (): Promise<void> => {
    await sidecar.stop();
    await recorder.close();
  };
  return { name: 'sidecar', port: sidecar.port, recorder, stop };
}

/** mod_proxy as `ProxyPass` makes it. */
export function startApacheInGarden(): Promise<GardenServer> {
  return startServer('Apache', (folder, { port, recorder }) => {
    const conf = folder.write(
      'apache.conf',
      `ServerRoot ${folder.path}
DefaultRuntimeDir ${folder.path}
PidFile ${folder.path}/httpd.pid
ErrorLog ${folder.path}/error.log
Listen 127.0.0.1:${port}
ServerName wire.test
LoadModule mpm_event_module ${MODULES}/mod_mpm_event.so
LoadModule authz_core_module ${MODULES}/mod_authz_core.so
LoadModule proxy_module ${MODULES}/mod_proxy.so
LoadModule proxy_http_module ${MODULES}/mod_proxy_http.so
ProxyPass / http://127.0.0.1:${recorder.port}/
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
`,
    );
    return ['apache2', '-f', conf, '-DFOREGROUND'];
  });
}

/** `proxy_pass`, the Host as it came. */
export function startNginxInGarden(): Promise<GardenServer> {
  return startServer('nginx', (folder, { port, recorder }) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((kind) => `${kind}_temp_path ${folder.path}/${kind};`)
      .join('\n  ');
    const conf = folder.write(
      'nginx.conf',
      `daemon off;
worker_processes 1;
pid ${folder.path}/nginx.pid;
error_log ${folder.path}/error.log;
events { worker_connections 256; }
http {
  access_log off;
  ${temporary}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${recorder.port};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
    }
  }
}
`,
    );
    return ['nginx', '-e', `${folder.path}/error.log`, '-c', conf];
  });
}

/** `mode http` and nothing else. */
export function startHaproxyInGarden(): Promise<GardenServer> {
  return startServer('HAProxy', (folder, { port, recorder }) => {
    const conf = folder.write(
      'haproxy.cfg',
      `global
  nbthread 1
  maxconn 200
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
  server recorder 127.0.0.1:${recorder.port}
`,
    );
    return ['haproxy', '-db', '-f', conf];
  });
}

type Ground = { readonly port: number; readonly recorder: GardenRecorder };

async function startServer(
  name: string,
  command: (folder: TemporaryFolder, ground: Ground) => readonly [string, ...string[]],
): Promise<GardenServer> {
  const recorder = await startGardenRecorder();
  const folder = makeTemporaryFolder();
  // Apache's and nginx's children run as another user.
  chmodSync(folder.path, 0o777);
  const port = await reservePort();
  const [program, ...args] = command(folder, { port, recorder });
  const running = startProcess(program, args);
  const ended = running.exited.then(() => {
    throw new Error(`${name} ended before it listened:\n${running.lines.join('\n')}`);
  });
  await Promise.race([ended, untilListening(port)]);
  ended.catch(() => {});
  const stop = async (): Promise<void> => {
    await running.stop();
    await recorder.close();
    folder.remove();
  };
  return { name, port, recorder, stop };
}

async function untilListening(port: number): Promise<void> {
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = openSocket({ port });
      socket.once('error', () => resolve(false)).once('connect', () => resolve(true));
      socket.once('connect', () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
