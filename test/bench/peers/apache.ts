/** Apache httpd with the event MPM, in every part it plays here. */
import { userInfo } from 'node:os';
import { freePort } from '../stage.ts';
import { startGunicorn } from './application-servers.ts';
import type { Peer, Setting, StartedPeer } from './peer.ts';

const modules = '/usr/lib/apache2/modules';
/** Applications run as another user where the benchmark runs as root. */
export const runAs: readonly string[] = userInfo().uid === 0 ? ['User www-data', 'Group www-data'] : [];

/** What opens a site to everybody, for Apache and for the sidecar. */
export const grantAll: readonly string[] = ['<Directory />', 'Require all granted', '</Directory>'];

/** mod_wsgi's daemon mode, one process of 15 threads. */
export const modWsgiDaemon: Peer = {
  name: 'mod_wsgi daemon',
  start: (setting) =>
    startApache(setting, 'mod_wsgi-daemon', [
      `LoadModule wsgi_module ${modules}/mod_wsgi.so`,
      `WSGISocketPrefix ${setting.stage.path('mod_wsgi-daemon')}`,
      ...daemonSite(setting.serves),
    ]),
};

/** mod_wsgi's embedded mode: the application lives in Apache's own processes. */
export const modWsgiEmbedded: Peer = {
  name: 'mod_wsgi embedded',
  start: (setting) =>
    startApache(setting, 'mod_wsgi-embedded', [
      `LoadModule wsgi_module ${modules}/mod_wsgi.so`,
      'WSGIApplicationGroup %{GLOBAL}',
      `WSGIScriptAlias / ${setting.serves}`,
      ...grantAll,
    ]),
};

/** mod_proxy over a Unix socket to gunicorn. */
export const apacheGunicorn: Peer = {
  name: 'Apache + gunicorn',
  async start(setting) {
    const socket = startGunicorn(setting, 'apache-gunicorn');
    return startApache(setting, 'apache-proxy', proxyTo(socket));
  },
};

/** Phusion Passenger, the module of Apache; its Python processes have one thread each and their number follows the load. */
export const passenger: Peer = {
  name: 'Passenger',
  start(setting) {
    const { stage, serves } = setting;
    stage.write('passenger/public/robots.txt', '');
    return startApache(setting, 'passenger-apache', [
      `LoadModule passenger_module ${modules}/mod_passenger.so`,
      'PassengerRoot /usr/lib/ruby/vendor_ruby/phusion_passenger/locations.ini',
      `PassengerInstanceRegistryDir ${stage.folder}`,
      'PassengerDisableSecurityUpdateCheck on',
      'PassengerDisableAnonymousTelemetry on',
      'PassengerPython /usr/bin/python3',
      'PassengerUserSwitching off',
      `PassengerDefaultUser ${userInfo().username}`,
      `DocumentRoot ${stage.path('passenger/public')}`,
      `PassengerAppRoot ${stage.path('passenger')}`,
      'PassengerAppType wsgi',
      `PassengerStartupFile ${serves}`,
      ...grantAll,
    ]);
  },
};

/** mod_proxy alone, to the static upstream. */
export const apacheProxy: Peer = {
  name: 'Apache mod_proxy',
  start: (setting) => startApache(setting, 'mod_proxy', proxyTo(setting.serves)),
};

/** The lines that mount an application in daemon mode; the sidecar reads the same ones. */
export function daemonSite(application: string): readonly string[] {
  return [
    'WSGIDaemonProcess bench processes=1 threads=15',
    'WSGIProcessGroup bench',
    'WSGIApplicationGroup %{GLOBAL}',
    `WSGIScriptAlias / ${application}`,
    ...grantAll,
  ];
}

function proxyTo(socket: string): readonly string[] {
  return [
    `LoadModule proxy_module ${modules}/mod_proxy.so`,
    `LoadModule proxy_http_module ${modules}/mod_proxy_http.so`,
    `ProxyPass / unix:${socket}|http://localhost/ enablereuse=on flushpackets=auto`,
  ];
}

async function startApache(setting: Setting, name: string, lines: readonly string[]): Promise<StartedPeer> {
  const { stage, cores } = setting;
  const port = await freePort();
  const configuration = stage.write(
    `${name}.conf`,
    `${[...ground(setting, name, port), ...lines].join('\n')}\n`,
  );
  const logPath = stage.logPath(name);
  const child = stage.start({ name, cores, command: ['apache2', '-f', configuration, '-DFOREGROUND'] });
  return { url: `http://127.0.0.1:${port}`, child, logPath };
}

/**
 * Two processes as in Debian's mpm_event.conf, each with a thread for every connection of the load and never taken away:
 * a process whose threads are all busy closes its kept connections (event.c, `process_keepalive_queue`), and wrk would
 * measure reconnecting.
 */
function ground({ stage }: Setting, name: string, port: number): readonly string[] {
  return [
    `ServerRoot ${stage.folder}`,
    `DefaultRuntimeDir ${stage.folder}`,
    `PidFile ${stage.path(`${name}.pid`)}`,
    `ErrorLog ${stage.logPath(name)}`,
    'LogLevel warn',
    `Listen 127.0.0.1:${port}`,
    'ServerName localhost',
    `LoadModule mpm_event_module ${modules}/mod_mpm_event.so`,
    `LoadModule authz_core_module ${modules}/mod_authz_core.so`,
    ...runAs,
    'StartServers 2',
    'MinSpareThreads 25',
    'MaxSpareThreads 256',
    'ThreadLimit 64',
    'ThreadsPerChild 64',
    'MaxRequestWorkers 256',
    'MaxConnectionsPerChild 0',
    'KeepAlive On',
    'MaxKeepAliveRequests 0',
    'KeepAliveTimeout 65',
  ];
}
