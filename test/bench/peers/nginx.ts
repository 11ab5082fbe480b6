/** nginx in front of an application server, and as a proxy alone. */
import { userInfo } from 'node:os';
import { freePort } from '../stage.ts';
import { startGunicorn, startUwsgi } from './application-servers.ts';
import type { Peer, Setting, StartedPeer } from './peer.ts';

/** nginx + uWSGI over the uwsgi protocol, which has no keep-alive. */
export const nginxUwsgi: Peer = {
  name: 'nginx + uWSGI',
  start: (setting) =>
    startNginx(setting, 'nginx-uwsgi', [
      ...uwsgiParameters,
      'uwsgi_request_buffering off;',
      `uwsgi_pass unix:${startUwsgi(setting, 'uwsgi')};`,
    ]),
};

/** nginx + gunicorn, connections kept. */
export const nginxGunicorn: Peer = {
  name: 'nginx + gunicorn',
  start: (setting) =>
    startNginx(setting, 'nginx-gunicorn', passToUpstream, startGunicorn(setting, 'nginx-gunicorn-app')),
};

/** nginx alone, to the static upstream. */
export const nginxProxy: Peer = {
  name: 'nginx',
  start: (setting) => startNginx(setting, 'nginx-proxy', passToUpstream, setting.serves),
};

const passToUpstream = [
  'proxy_http_version 1.1;',
  'proxy_set_header Connection "";',
  'proxy_set_header Host $http_host;',
  'proxy_request_buffering off;',
  'proxy_pass http://upstream_group;',
];

/** The parameters of PEP 3333; nginx's own uwsgi_params file without HTTPS. */
const uwsgiParameters = [
  'uwsgi_param QUERY_STRING $query_string;',
  'uwsgi_param REQUEST_METHOD $request_method;',
  'uwsgi_param CONTENT_TYPE $content_type;',
  'uwsgi_param CONTENT_LENGTH $content_length;',
  'uwsgi_param REQUEST_URI $request_uri;',
  'uwsgi_param PATH_INFO $document_uri;',
  'uwsgi_param DOCUMENT_ROOT $document_root;',
  'uwsgi_param SERVER_PROTOCOL $server_protocol;',
  'uwsgi_param REQUEST_SCHEME $scheme;',
  'uwsgi_param REMOTE_ADDR $remote_addr;',
  'uwsgi_param REMOTE_PORT $remote_port;',
  'uwsgi_param SERVER_PORT $server_port;',
  'uwsgi_param SERVER_NAME $server_name;',
];

async function startNginx(
  setting: Setting,
  name: string,
  location: readonly string[],
  upstreamSocket?: string,
): Promise<StartedPeer> {
  const { stage, cores } = setting;
  const port = await freePort();
  const upstream =
    upstreamSocket === undefined
      ? ''
      : `upstream upstream_group { server unix:${upstreamSocket}; keepalive 64; }`;
  const configuration = stage.write(
    `${name}.conf`,
    `${ground(setting, name)}
events { worker_connections 4096; }
http {
  access_log off;
  ${temporaryFolders(setting, name)}
  keepalive_requests 1000000000;
  client_max_body_size 0;
  ${upstream}
  server {
    listen 127.0.0.1:${port};
    location / { ${location.join(' ')} }
  }
}
`,
  );
  const logPath = stage.logPath(name);
  const child = stage.start({ name, cores, command: ['nginx', '-e', logPath, '-c', configuration] });
  return { url: `http://127.0.0.1:${port}`, child, logPath };
}

/** As many workers as there are cores to use, as Debian's `worker_processes auto` has. */
function ground({ stage, cores }: Setting, name: string): string {
  return [
    'daemon off;',
    ...(userInfo().uid === 0 ? ['user www-data;'] : []),
    `worker_processes ${cores.split(',').length};`,
    `pid ${stage.path(`${name}.pid`)};`,
    `error_log ${stage.logPath(name)} warn;`,
  ].join('\n');
}

function temporaryFolders({ stage }: Setting, name: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${stage.path(`${name}-${kind}`)};`)
    .join('\n  ');
}
