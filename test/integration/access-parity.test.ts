/**
 * Every directive that keeps a door, before the real Apache and before the sidecar: what is enforced here answers as Apache answers; what is
 * not is served to a declared front, answered by Apache itself where it is the legacy upstream, and refused to everybody else.
 */
import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeSite, startApache } from '../support/apache.ts';
import { makeCertificate } from '../support/certificate.ts';
import { duringTests } from '../support/during-tests.ts';
import { type RequestOptions, send } from '../support/raw-http.ts';
import { runSidecar, startSidecarFor } from '../support/sidecar.ts';
import { besideApache } from './beside-apache.ts';

const HELLO = `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
`;

type Asked = readonly [method: string, headers?: Readonly<Record<string, string>>];
const GET: Asked = ['GET'];
const HEAD: Asked = ['HEAD'];
const POST: Asked = ['POST'];
const OPTIONS: Asked = ['OPTIONS'];
const KNOWN: Asked = ['GET', { 'X-Key': 'right' }];

/** What stands in the `<Location>`, and what is asked of it beside GET. */
const ENFORCED: readonly (readonly [rules: string, ...asked: Asked[]])[] = [
  ['Require all granted'],
  ['Require all denied'],
  ['Require ip 127.0.0.1'],
  ['Require ip 127'],
  ['Require ip 127.0.0.0/8 10.0.0.0/8'],
  ['Require ip 10.0.0.0/255.0.0.0'],
  ['Require ip ::1'],
  ['<RequireAll>\nRequire all granted\nRequire not ip 127.0.0.1\n</RequireAll>'],
  ['Require local'],
  ['Require method GET', POST, HEAD, OPTIONS],
  ['Require method POST OPTIONS', POST, OPTIONS],
  ['<RequireAny>\nRequire ip 10\nRequire local\n</RequireAny>'],
  ['<RequireAll>\nRequire ip 10\nRequire local\n</RequireAll>'],
  ['<RequireAll>\nRequire all granted\n<RequireNone>\nRequire local\n</RequireNone>\n</RequireAll>'],
  ['<RequireAll>\nRequire all granted\n<RequireNone>\nRequire ip 10\n</RequireNone>\n</RequireAll>'],
  ['<Limit POST>\nRequire all denied\n</Limit>', POST],
  ['<LimitExcept GET>\nRequire all denied\n</LimitExcept>', POST, HEAD, OPTIONS],
  ['<Limit post>\nRequire all denied\n</Limit>', POST],
  ['<LimitExcept get>\nRequire all denied\n</LimitExcept>', POST],
  ['<Limit HEAD>\nRequire all denied\n</Limit>', HEAD],
  ['Require method HEAD', HEAD],
  ['Order allow,deny'],
  ['Order allow,deny\nAllow from all'],
  ['Order deny,allow\nDeny from all\nAllow from 127.0.0.1'],
  ['Order deny,allow\nDeny from all\nAllow from 10'],
  ['Order mutual-failure\nAllow from 127\nDeny from 127'],
  ['Order deny,allow\nDeny from all\nAllow from env=known', KNOWN],
  ['Order allow,deny\nAllow from all\nDeny from env=known', KNOWN],
  ['Deny from 127.0.0.0/8\nSatisfy any\nRequire local'],
  ['Deny from 127.0.0.0/8\nSatisfy all\nRequire local'],
  ['AuthType None'],
  ['AllowMethods GET', POST, HEAD, OPTIONS],
  ['AllowMethods reset', POST],
  ['AllowMethods GET POST', POST, ['PUT']],
];

/** Not enforced here; Apache lets nobody in who brings no more than a request. */
const FOREIGN: readonly string[] = [
  'AuthType Basic\nAuthName "a"\nAuthUserFile @ROOT@/htpasswd\nRequire valid-user',
  'AuthType Basic\nAuthName "a"\nAuthUserFile @ROOT@/htpasswd\nRequire user alice',
  'AuthType Basic\nAuthName "a"\nAuthUserFile @ROOT@/htpasswd\nAuthGroupFile @ROOT@/groups\nRequire group a',
  'AuthType Basic\nAuthName "a"\nAuthBasicProvider anon\nAnonymous "*"\nRequire valid-user',
  'AuthType Digest\nAuthName "a"\nAuthUserFile @ROOT@/htpasswd\nRequire valid-user',
  'AuthType Basic\nAuthName "a"\nAuthBasicProvider wsgi\nWSGIAuthUserScript @ROOT@/apps/auth.py\nRequire valid-user',
  'AuthType Basic\nAuthName "a"\nAuthBasicProvider wsgi\nWSGIAuthUserScript @ROOT@/apps/auth.py\nWSGIAuthGroupScript @ROOT@/apps/auth.py\nRequire wsgi-group a',
  'WSGIAccessScript @ROOT@/apps/access.py',
  'Require host example.test',
  'Require forward-dns example.test',
  'Require expr "%{REQUEST_METHOD} == \'PUT\'"',
  'Require env unheard',
  'Require file-owner',
  'Require ssl',
  'Require ssl-verify-client',
  'Require odd-hours',
  'Order deny,allow\nDeny from all\nAllow from example.test',
  'SSLRequireSSL',
  'LuaHookAccessChecker @ROOT@/apps/access.lua check',
];

const ALL = [...ENFORCED.map(([rules]) => rules), ...FOREIGN];
const CONF = `<AuthzProviderAlias env odd-hours odd>
</AuthzProviderAlias>
<VirtualHost *:@PORT@>
ServerName doors.test
SetEnvIf X-Key ^right$ known
WSGIDaemonProcess d threads=2
WSGIProcessGroup d
WSGIApplicationGroup %{GLOBAL}
${ALL.map((rules, i) => `WSGIScriptAlias /${i} @ROOT@/apps/app.wsgi\n<Location /${i}>\n${rules}\n</Location>`).join('\n')}
</VirtualHost>
`;

describe('access control, by Apache and by the sidecar', () => {
  const beside = besideApache({
    conf: CONF,
    files: {
      'apps/app.wsgi': HELLO,
      'apps/auth.py': 'def check_password(*a):\n    return False\ndef groups_for_user(*a):\n    return []\n',
      'apps/access.py': 'def allow_access(*a):\n    return False\n',
      'apps/access.lua': 'function check(r)\n  return 403\nend\n',
      htpasswd: 'alice:$apr1$x$1\n',
      groups: 'a: alice\n',
    },
    modules: [
      'access_compat',
      'allowmethods',
      'authz_groupfile',
      'authn_anon',
      'auth_digest',
      'authz_owner',
      'socache_shmcb',
      'ssl',
      'lua',
    ],
  });
  const fronted = duringTests(
    () => startSidecarFor(beside.site, { accessControl: 'front', trustedProxies: ['unix'] }),
    (sidecar) => sidecar.stop(),
  );
  const before = duringTests(
    () => startSidecarFor(beside.site, { legacy: `http://127.0.0.1:${beside.site.port}` }),
    (sidecar) => sidecar.stop(),
  );

  const asks = async (port: number, rules: string, [method, headers]: Asked): Promise<number> =>
    (await send({ port }, pathOf(rules), optionsOf(method, headers))).status;

  it.each(ENFORCED.map(([rules, ...asked]) => [oneLine(rules), rules, [GET, ...asked]] as const))(
    'agree where it is enforced here: %s',
    async (_, rules, asked) => {
      const answered = async (port: number): Promise<unknown[]> => {
        const statuses: unknown[] = [];
        for (const one of asked) statuses.push([...one, await asks(port, rules, one)]);
        return statuses;
      };
      const [there, here] = beside.ports;
      expect(await answered(here)).toEqual(await answered(there));
    },
  );

  it.each(FOREIGN.map((rules) => [oneLine(rules), rules]))(
    'is refused where it is not: %s',
    async (_, rules) => {
      const [apaches, ours] = [
        await asks(beside.site.port, rules, GET),
        await beside.sidecar.get('doors.test', pathOf(rules)),
      ];
      expect([apaches === 200, ours.status]).toEqual([false, 403]);
      expect((await before().get('doors.test', pathOf(rules))).status).toBe(apaches);
      const headers = { Host: 'doors.test' };
      expect((await send({ socketPath: fronted().socketPath }, pathOf(rules), { headers })).status).toBe(200);
      expect((await fronted().get('doors.test', pathOf(rules))).status).toBe(403);
    },
  );

  it('is told by check, with file, line and directive, of every mount that is not served, and of no other', async () => {
    const { all } = await runSidecar('check', '--apache', beside.site.conf);
    const told = new Set(
      [...all.matchAll(/:\d+: error: \S+ Mount "doors\.test[^/"]*\/(\d+)"/g)].map(([, i]) => Number(i)),
    );
    expect([...told].map((i) => ALL[i])).toEqual(FOREIGN);
  });
});

const PARTS = `WSGIScriptAlias /app @ROOT@/apps/app.wsgi
WSGIScriptAlias /near @ROOT@/apps/app.wsgi
<Location /app/admin>
Require user alice
</Location>
<LocationMatch "^/app/[0-9]+/">
Require user bob
</LocationMatch>
<If "%{QUERY_STRING} == 'secret'">
Require user carol
</If>
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.1
<Location /near>
Require ip 127.0.0.1
</Location>
`;

describe('what is protected within a mount, or by what a front says', () => {
  const beside = besideApache({ conf: PARTS, files: { 'apps/app.wsgi': HELLO }, modules: ['remoteip'] });

  it('is refused where Apache refuses it, and check says which places these are', async () => {
    for (const [path, isOpen] of [
      ['/app', true],
      ['/app/administration', true],
      ['/app/1x', true],
      ['/app/admin', false],
      ['/app/admin/x', false],
      ['/app/%61dmin', false],
      ['/app//admin', false],
      ['/app/1/', false],
      ['/app?secret', false],
    ] as const) {
      const apaches = (await send({ port: beside.site.port }, path, optionsOf('GET'))).status;
      const ours = (await beside.sidecar.get('main.test', path)).status;
      expect([path, apaches === 200, ours]).toEqual([path, isOpen, isOpen ? 200 : 403]);
    }
    const { all } = await runSidecar('check', '--apache', beside.site.conf);
    for (const user of ['alice', 'bob', 'carol']) {
      expect(all).toMatch(
        new RegExp(`:${lineOf(`Require user ${user}`)}: warning: Require: In <(?:Location|If)`),
      );
    }
    expect(all).toMatch(
      new RegExp(`:${lineOf('RemoteIPHeader')}: warning: RemoteIPHeader: .*trustedProxies`),
    );
  });

  it('is shut to the client that a trusted front names, as RemoteIPHeader has it', async () => {
    const trusting = await startSidecarFor(beside.site, { trustedProxies: ['127.0.0.1'] });
    onTestFinished(() => trusting.stop());
    for (const [client, status] of [
      ['192.0.2.1', 403],
      ['127.0.0.1', 200],
    ] as const) {
      const headers = { 'X-Forwarded-For': client };
      expect((await send({ port: beside.site.port }, '/near', optionsOf('GET', headers))).status).toBe(
        status,
      );
      expect((await trusting.get('main.test', '/near', { headers })).status).toBe(status);
    }
  });

  function lineOf(text: string): number {
    return beside.site.linesBefore + PARTS.slice(0, PARTS.indexOf(text)).split('\n').length;
  }
});

const TLS = `SSLEngine on
SSLCertificateFile @ROOT@/cert.pem
SSLCertificateKeyFile @ROOT@/key.pem
SSLCACertificateFile @ROOT@/cert.pem
WSGIScriptAlias /open @ROOT@/apps/app.wsgi
WSGIScriptAlias /verified @ROOT@/apps/app.wsgi
WSGIScriptAlias /required @ROOT@/apps/app.wsgi
WSGIScriptAlias /secure @ROOT@/apps/app.wsgi
SSLProtocol TLSv1.2
<Location /verified>
SSLVerifyClient require
</Location>
<Location /required>
SSLRequire %{SSL_CLIENT_S_DN_CN} eq "alice"
</Location>
<Location /secure>
SSLRequireSSL
</Location>
`;

describe('what a TLS connection is asked for', () => {
  it('is refused here, since the sidecar sees none of it', async () => {
    const site = await makeSite({
      conf: TLS,
      files: { 'apps/app.wsgi': HELLO },
      modules: ['socache_shmcb', 'ssl'],
    });
    await makeCertificate(site.folder.path, 'main.test');
    const apache = await startApache(site);
    const sidecar = await startSidecarFor(site);
    try {
      for (const [path, isOpen, status] of [
        ['/open', true, 200],
        ['/verified', false, 403],
        ['/required', false, 403],
        // Only a front knows whether its client spoke TLS.
        ['/secure', true, 403],
      ] as const) {
        expect([path, await asksByTls(site.port, path)]).toEqual([path, isOpen]);
        expect([path, (await sidecar.get('main.test', path)).status]).toEqual([path, status]);
      }
    } finally {
      await sidecar.stop();
      await apache.stop();
      site.folder.remove();
    }
  });
});

/** Whether a client without a certificate gets in. */
function asksByTls(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: main.test\r\nConnection: close\r\n\r\n`),
    );
    socket
      .on('data', (bytes: Buffer) => {
        text += bytes.toString('latin1');
      })
      .on('error', () => {})
      .on('close', () => resolve(text.startsWith('HTTP/1.1 200')));
  });
}

function pathOf(rules: string): string {
  return `/${ALL.indexOf(rules)}`;
}

function oneLine(rules: string): string {
  return rules.replaceAll('\n', '; ').replaceAll('%', '%%');
}

function optionsOf(method: string, headers: Readonly<Record<string, string>> = {}): RequestOptions {
  return { method, headers: { Host: 'doors.test', ...headers }, ...(method === 'GET' ? {} : { body: '' }) };
}
