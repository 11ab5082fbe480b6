/** No door that Apache kept shut stands open: what Apache protects by means of its own is served behind a front only. */
import { describe, expect, it } from 'vitest';
import type { Site } from '../support/apache.ts';
import { duringTests } from '../support/during-tests.ts';
import { send } from '../support/raw-http.ts';
import { runSidecar, type Sidecar, startSidecarFor } from '../support/sidecar.ts';
import { servedSite } from './beside-apache.ts';

const HELLO = `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("hello " + environ.get("REMOTE_USER", "nobody")).encode("latin-1")]
`;

const CONF = `<VirtualHost *:@PORT@>
    ServerName doors.test
    WSGIScriptAlias /open @ROOT@/apps/open.wsgi
    WSGIScriptAlias /locked @ROOT@/apps/locked.wsgi
    WSGIScriptAlias /shut @ROOT@/apps/shut.wsgi
    WSGIScriptAlias /near @ROOT@/apps/near.wsgi
    <Location /locked>
        AuthType Basic
        AuthName "locked"
        AuthUserFile @ROOT@/htpasswd
        Require valid-user
    </Location>
    <Location /shut>
        Require all denied
    </Location>
    <Location /near>
        Require local
    </Location>
</VirtualHost>
`;

const FILES = Object.fromEntries(
  ['open', 'locked', 'shut', 'near'].map((name) => [`apps/${name}.wsgi`, HELLO]),
);

describe('access control', () => {
  const enforcing = servedSite({ conf: CONF, files: FILES });
  const fronted = duringTests(
    () =>
      startSidecarFor(enforcing.site, {
        accessControl: 'front',
        trustedProxies: ['unix'],
        identity: { user: 'X-Remote-User' },
      }),
    (sidecar) => sidecar.stop(),
  );

  const front = (path: string): Promise<number> => {
    const headers = { Host: 'doors.test', 'X-Remote-User': 'alice' };
    return send({ socketPath: fronted().socketPath }, path, { headers }).then(({ status }) => status);
  };

  it('refuses a mount under "Require valid-user" and leaves the others alone', async () => {
    expect((await enforcing.sidecar.get('doors.test', '/locked')).status).toBe(403);
    expect((await enforcing.sidecar.get('doors.test', '/locked/further')).status).toBe(403);
    expect((await enforcing.sidecar.get('doors.test', '/open')).text()).toBe('hello nobody');
  });

  it('does not take credentials for a reason to open', async () => {
    const headers = { Authorization: `Basic ${Buffer.from('alice:correct horse').toString('base64')}` };
    expect((await enforcing.sidecar.get('doors.test', '/locked', { headers })).status).toBe(403);
  });

  it('counts the refusals', async () => {
    const before = await refusals(enforcing.sidecar);
    await enforcing.sidecar.get('doors.test', '/locked');
    expect(await refusals(enforcing.sidecar)).toBe(before + 1);
  });

  it('says so with file, line and directive when the configuration is checked', async () => {
    const { all, code } = await runSidecar('check', '--apache', enforcing.site.conf);
    const line = lineOf('Require valid-user', enforcing.site);
    expect(all).toMatch(new RegExp(`apache\\.conf:${line}: error: Require: `));
    expect(code).toBe(1);
  });

  it('says so in the log of a start', () => {
    expect(enforcing.sidecar.log()).toContain('Require');
  });

  it('enforces what needs no password', async () => {
    expect((await enforcing.sidecar.get('doors.test', '/shut')).status).toBe(403);
    expect((await enforcing.sidecar.get('doors.test', '/near')).status).toBe(200);
  });

  it('serves a protected mount to a declared front, and to nobody else', async () => {
    expect(await front('/locked')).toBe(200);
    expect((await fronted().get('doors.test', '/locked')).status).toBe(403);
  });

  it('keeps shut to a front what is denied to all', async () => {
    expect(await front('/shut')).toBe(403);
  });
});

async function refusals(sidecar: Sidecar): Promise<number> {
  const text = (await sidecar.ask('/metrics')).text();
  const pattern = /^wsgi_sidecar_requests_rejected_total\{[^}]*reason="access_control"[^}]*\} (\d+)/m;
  return Number(pattern.exec(text)?.[1] ?? 0);
}

/** The line of the written file on which a text of `CONF` stands. */
function lineOf(text: string, site: Site): number {
  return site.linesBefore + CONF.slice(0, CONF.indexOf(text)).split('\n').length;
}
