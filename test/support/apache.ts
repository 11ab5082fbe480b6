/**
 * A private real Apache: own ServerRoot, own pid file, own ports on loopback, Debian's binary and modules.
 * Started by root its children run as www-data, as on a server.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { reservePort } from './port.ts';
import { type RealProcess, startProcess } from './real-process.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

const MODULES = [
  'mpm_event',
  'authz_core',
  'authz_host',
  'authz_user',
  'authn_core',
  'authn_file',
  'auth_basic',
  'mime',
  'dir',
  'alias',
  'env',
  'setenvif',
  'headers',
  'wsgi',
];

/** A ServerRoot with a configuration in it, before any server has read it: Apache and the sidecar read the same. */
export type Site = {
  readonly folder: TemporaryFolder;
  /** The configuration file. */
  readonly conf: string;
  /** The port of `Listen 127.0.0.1:@PORT@`. */
  readonly port: number;
  /** Lines of the file before the site's own directives. */
  readonly linesBefore: number;
};

export type SiteOptions = {
  /** The site's own directives; `@ROOT@` and `@PORT@` are filled in. */
  readonly conf: string;
  /** Files below `@ROOT@`. */
  readonly files?: Readonly<Record<string, string>>;
  /** `LoadModule`s beyond the usual ones, e.g. `dav`. */
  readonly modules?: readonly string[];
  /** What `Listen` says instead of `127.0.0.1:@PORT@`. */
  readonly listen?: string;
};

/** Writes the folder; remove it by `site.folder.remove()`. */
export async function makeSite(options: SiteOptions): Promise<Site> {
  const { conf, files = {}, modules = [], listen = '127.0.0.1:@PORT@' } = options;
  const folder = makeTemporaryFolder('wsgi-sidecar-site-');
  const port = await reservePort();
  const fill = (text: string): string =>
    text.replaceAll('@ROOT@', folder.path).replaceAll('@PORT@', String(port));
  for (const name of ['run', 'htdocs', 'apps']) mkdirSync(join(folder.path, name));
  chmodSync(join(folder.path, 'run'), 0o777);
  for (const [name, content] of Object.entries(files)) folder.write(name, fill(content));
  const before = `${prelude([...MODULES, ...modules])}Listen ${listen}\n`;
  const file = folder.write('apache.conf', fill(before + conf));
  return { folder, conf: file, port, linesBefore: before.split('\n').length - 1 };
}

function prelude(modules: readonly string[]): string {
  const loads = modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
  return `ServerRoot "@ROOT@"
DefaultRuntimeDir "@ROOT@/run"
PidFile "@ROOT@/run/httpd.pid"
${loads.join('\n')}
User www-data
Group www-data
ServerName main.test
ServerLimit 1
StartServers 1
ThreadsPerChild 8
MinSpareThreads 1
MaxSpareThreads 8
MaxRequestWorkers 8
Timeout 30
TypesConfig /etc/mime.types
ErrorLog "@ROOT@/run/error.log"
LogLevel notice wsgi:info
WSGISocketPrefix "@ROOT@/run/wsgi"
DocumentRoot "@ROOT@/htdocs"
<Directory "/">
    AllowOverride None
    Require all granted
</Directory>
`;
}

export type Apache = {
  readonly process: RealProcess;
  /** The error log so far. */
  log(): string;
  /** Ends the server and all its children. */
  stop(): Promise<void>;
};

/** Starts Apache on the site and waits until it says that it works. */
export async function startApache(site: Site, environment: NodeJS.ProcessEnv = {}): Promise<Apache> {
  // Its main log goes through cat to standard output, where its lines are events.
  const words = ['-f', site.conf, '-DFOREGROUND', '-c', 'ErrorLog |/bin/cat'];
  const started = startProcess('apache2', words, {
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C', ...environment },
  });
  await started.waitForLine((line) => line.includes('resuming normal operations'), 'it was up');
  return {
    process: started,
    log: () => started.lines.join('\n'),
    stop: async () => {
      // A child of mod_wsgi may hang for ten seconds in the end of Python; nothing of this server is needed any more.
      await started.kill();
    },
  };
}
