/**
 * One Apache configuration with applications that nobody here wrote: graphite-web by its package's own file, and a
 * forge with Mercurial's hgweb at `/hg` and Radicale, which believes the user whom the server names, at `/dav`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeSite, type Site } from '../support/apache.ts';
import { mustRun } from '../support/real-process.ts';
import { GRAPHITE_CONF } from './graphite-setup.ts';

const HGWEB = '/usr/share/doc/mercurial-common/examples/hgweb.wsgi';

/** The user and password that the real Apache asks for. */
export const USER = { name: 'alice', password: 'correct horse' } as const;

/** Mercurial as it comes, without the settings of the person who runs the tests. */
export const HG_ENVIRONMENT = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HGRCPATH: '',
  HGUSER: 'alice <alice@example.com>',
  LANG: 'C.UTF-8',
} as const;

const WHOAMI = `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ.get("REMOTE_USER", "nobody").encode("latin-1")]
`;

const CONF = `Include @ROOT@/server-name.conf
Include ${GRAPHITE_CONF}
<VirtualHost *:80>
    ServerName forge.test
    ServerAlias 127.*
    WSGIScriptAlias /hg @ROOT@/apps/hgweb.wsgi
    WSGIScriptAlias /whoami @ROOT@/apps/whoami.wsgi
    WSGIScriptAlias /dav /usr/share/radicale/radicale.wsgi
    SetEnv RADICALE_CONFIG @ROOT@/radicale.conf
    <Location /dav>
        AuthType Basic
        AuthName "calendars"
        AuthUserFile @ROOT@/htpasswd
        Require valid-user
    </Location>
</VirtualHost>
`;

const FILES = {
  'server-name.conf': 'ServerName graphite.test\nDefine APACHE_LOG_DIR @ROOT@/run\n',
  'apps/whoami.wsgi': WHOAMI,
  'radicale.conf': `[auth]
type = remote_user
[rights]
type = owner_only
[storage]
filesystem_folder = @ROOT@/collections
`,
};

export type RealSite = Site & {
  /** The loopback address whose port 80 this Apache takes: the package's file says \`<VirtualHost *:80>\`. */
  readonly address: string;
};

/** The site with an empty repository and no calendars, both folders writable for Apache's user. */
export async function makeRealSite(): Promise<RealSite> {
  const octet = (): number => 1 + Math.floor(Math.random() * 254);
  const address = `127.77.${octet()}.${octet()}`;
  const site = await makeSite({ conf: CONF, files: FILES, listen: `${address}:80` });
  const root = site.folder.path;
  const repository = join(root, 'repository');
  const script = readFileSync(HGWEB, 'utf8').replace('b"/path/to/repo/or/config"', `b"${repository}"`);
  site.folder.write('apps/hgweb.wsgi', script);
  await mustRun('hg', ['init', repository], { environment: HG_ENVIRONMENT });
  site.folder.write('repository/.hg/hgrc', '[web]\nallow-push = *\npush_ssl = false\nname = forge\n');
  await mustRun('mkdir', [join(root, 'collections')]);
  await mustRun('htpasswd', ['-bc', join(root, 'htpasswd'), USER.name, USER.password]);
  await mustRun('chown', ['-R', 'www-data:www-data', repository, join(root, 'collections')]);
  return { ...site, address };
}
