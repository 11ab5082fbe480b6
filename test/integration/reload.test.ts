/** Reloads of a running sidecar: by HUP, by command, under load, from broken files and back. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reservePort } from '../support/port.ts';
import { openConnection, send } from '../support/raw-http.ts';
import { runSidecar, type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { SLOW } from './slow-application.ts';

const APPLICATION = `import os, time
while os.path.exists(os.path.join(os.path.dirname(__file__), "closed")):
    time.sleep(0.02)
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%s %d" % (os.environ.get("COLOUR", "plain"), os.getpid())).encode()]
`;

type Wanted = {
  /** More of WSGIDaemonProcess shop. */
  readonly shop?: string;
  /** More of the virtual host. */
  readonly more?: string;
  readonly blog?: boolean;
};

let folder: TemporaryFolder;
let sidecar: Sidecar;

function configure({ shop = '', more = '', blog = true }: Wanted = {}): string {
  const text = `Listen 127.0.0.1:80
WSGIDaemonProcess shop threads=4 ${shop}
WSGIDaemonProcess blog threads=4
<VirtualHost *:80>
    ServerName site.test
    WSGIScriptAlias /shop ${folder.path}/app.wsgi process-group=shop application-group=main
    ${blog ? `WSGIScriptAlias /blog ${folder.path}/app.wsgi process-group=blog application-group=main` : ''}
    ${more}
</VirtualHost>
`;
  return folder.write('apache.conf', text);
}

const settings = { groups: { defaults: { allowRoot: true } } };

beforeEach(async () => {
  folder = makeTemporaryFolder();
  folder.write('app.wsgi', APPLICATION);
  sidecar = await startSidecar({ apache: configure(), as: '*:80', settings });
});

afterEach(async () => {
  await sidecar?.stop();
  folder?.remove();
});

const pidOf = async (path: string): Promise<string | undefined> =>
  (await sidecar.get('site.test', path)).text().split(' ')[1];

const reload = (...words: readonly string[]): ReturnType<typeof runSidecar> =>
  runSidecar('reload', '--config', sidecar.config, ...words);

/** What the sidecar logs as the result of its next reload. */
async function afterHup(): Promise<string> {
  const from = sidecar.process.lines.length;
  sidecar.process.child.kill('SIGHUP');
  return await sidecar.process.waitForLine(
    (line) => /Configuration reloaded|Reload refused/.test(line),
    'reload',
    from,
  );
}

/** Resolves when a group has an old process and a new one. */
async function replacementUnderWay(): Promise<void> {
  for (;;) {
    const { groups } = JSON.parse((await sidecar.ask('/api/groups')).text()) as {
      readonly groups: readonly { readonly processes: readonly unknown[] }[];
    };
    if (groups.some(({ processes }) => processes.length > 1)) return;
  }
}

async function metric(name: string): Promise<string | undefined> {
  const text = (await sidecar.ask('/metrics')).text();
  return text.split('\n').find((line) => line.startsWith(`wsgi_sidecar_${name} `));
}

describe('a reload', () => {
  it('replaces the group that has changed and touches no other', async () => {
    const before = { shop: await pidOf('/shop'), blog: await pidOf('/blog') };
    configure({ shop: 'umask=0027' });
    const { code, stdout } = await reload();
    const after = { shop: await pidOf('/shop'), blog: await pidOf('/blog') };
    expect([code, stdout]).toEqual([0, expect.stringMatching(/replaced +"main" of process group "shop"/)]);
    expect(stdout).toContain('1 group with a process untouched');
    expect(after.shop).not.toBe(before.shop);
    expect(after.blog).toBe(before.blog);
  });

  it('touches nothing where nothing has changed', async () => {
    const before = [await pidOf('/shop'), await pidOf('/blog')];
    expect(await afterHup()).toContain('"unchanged":2');
    expect([await pidOf('/shop'), await pidOf('/blog')]).toEqual(before);
  });

  it('loses no request under load, whatever it replaces', async () => {
    let stopping = false;
    const answers = new Map<number, number>();
    const client = async (path: string): Promise<void> => {
      while (!stopping) {
        const { status } = await sidecar.get('site.test', path);
        answers.set(status, (answers.get(status) ?? 0) + 1);
      }
    };
    await Promise.all([pidOf('/shop'), pidOf('/blog')]);
    const clients = ['/shop', '/blog', '/shop', '/blog'].map(client);
    const outcomes: string[] = [];
    for (const umask of ['0027', '0077', '0022']) {
      configure({ shop: `umask=${umask}` });
      outcomes.push(await afterHup());
    }
    stopping = true;
    await Promise.all(clients);
    expect(outcomes.map((line) => line.includes('"replaced":1'))).toEqual([true, true, true]);
    expect([...answers.keys()]).toEqual([200]);
    expect(answers.get(200)).toBeGreaterThan(20);
  });

  it('leaves everything as it is when the configuration is broken, and says so', async () => {
    const before = await pidOf('/shop');
    const loadedAt = await metric('config_last_reload_success_timestamp_seconds');
    configure({ more: '<Location /x>' });
    const { code, all } = await reload();
    expect([code, all]).toEqual([1, expect.stringMatching(/apache\.conf:\d+: .*<Location/s)]);
    expect(all).toContain('what was in force stays');
    expect(await pidOf('/shop')).toBe(before);
    expect(await metric('config_last_reload_successful')).toMatch(/ 0$/);
    expect(await metric('config_last_reload_success_timestamp_seconds')).toBe(loadedAt);
    expect(sidecar.log()).toContain('Reload refused, what was in force stays');
    const { lastReload } = JSON.parse((await sidecar.ask('/api/diagnostics')).text());
    expect(lastReload).toMatchObject({ result: 'refused', code: 'ERR_CONFIG_SYNTAX' });
    configure();
    expect((await reload()).code).toBe(0);
    expect(await metric('config_last_reload_successful')).toMatch(/ 1$/);
    expect(await pidOf('/shop')).toBe(before);
  });

  it('keeps the old process of a group whose new one cannot start', async () => {
    const before = await pidOf('/shop');
    configure({ shop: 'home=/nonexistent/home' });
    const { code, stdout } = await reload();
    expect([code, stdout]).toEqual([1, expect.stringMatching(/kept +"main" of process group "shop"/)]);
    expect(stdout).toContain('/nonexistent/home');
    expect(await pidOf('/shop')).toBe(before);
  });

  it('ends a group that nothing leads to any more, and what it was answering first', async () => {
    folder.write('slow.wsgi', SLOW);
    configure({
      more: `WSGIScriptAlias /slow ${folder.path}/slow.wsgi process-group=blog application-group=slow`,
    });
    await afterHup();
    const held = openConnection({ port: sidecar.port });
    held.write('GET /slow HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n');
    await held.until('begun');
    configure();
    const from = sidecar.process.lines.length;
    sidecar.process.child.kill('SIGHUP');
    await sidecar.process.waitForLine((line) => line.includes('"to":"draining"'), 'draining', from);
    expect((await sidecar.get('site.test', '/slow')).status).toBe(404);
    folder.write('gate', '');
    await held.until('ended');
    await sidecar.process.waitForLine((line) => line.includes('"stopped":1'), 'stopped', from);
  });

  it('opens a listener that is added and lets one go that is removed, answers under way first', async () => {
    const [added, socketPath] = [await reservePort(), sidecar.socketPath];
    folder.write('slow.wsgi', SLOW);
    configure({
      more: `WSGIScriptAlias /slow ${folder.path}/slow.wsgi process-group=blog application-group=slow`,
    });
    await afterHup();
    const held = openConnection({ socketPath });
    held.write('GET /slow HTTP/1.1\r\nHost: site.test\r\n\r\n');
    await held.until('begun');
    rewrite((written) => ({
      ...written,
      listen: [...written.listen.slice(0, 1), { bind: `127.0.0.1:${added}`, as: '*:80' }],
    }));
    const { stdout } = await reload();
    expect(stdout).toMatch(new RegExp(`opened +127.0.0.1:${added}`));
    expect(stdout).toMatch(new RegExp(`closed +unix:${socketPath}`));
    expect((await send({ port: added }, '/shop', { headers: { Host: 'site.test' } })).status).toBe(200);
    await expect(send({ socketPath }, '/shop')).rejects.toThrow();
    folder.write('gate', '');
    await held.until('ended');
  });

  it('opens nothing and changes nothing when one of the new listeners cannot be had', async () => {
    const free = await reservePort();
    const taken = 'port' in sidecar.admin ? sidecar.admin.port : 0;
    const binds = [free, taken].map((port) => ({ bind: `127.0.0.1:${port}`, as: '*:80' }));
    rewrite((written) => ({ ...written, listen: [...written.listen, ...binds] }));
    const { code, all } = await reload();
    expect([code, all]).toEqual([1, expect.stringContaining(`127.0.0.1:${taken}`)]);
    await expect(send({ port: free }, '/shop')).rejects.toThrow();
    expect((await sidecar.get('site.test', '/shop')).status).toBe(200);
  });

  it('takes over what the settings say, and says what waits for the next start', async () => {
    const before = await pidOf('/shop');
    rewrite((written) => ({ ...written, isolation: 'per-script', runtimeDir: `${folder.path}/elsewhere` }));
    const { stdout } = await reload('--json');
    expect(JSON.parse(stdout)).toMatchObject({ waiting: ['runtimeDir'], groups: { stopped: [{}] } });
    expect(await pidOf('/shop')).not.toBe(before);
  });

  it('takes back whom to believe on connections that stand already', async () => {
    folder.write('user.wsgi', USER);
    const apache = configure({
      more: `WSGIScriptAlias /user ${folder.path}/user.wsgi process-group=shop application-group=user`,
    });
    rewrite((written) => ({
      ...written,
      apache,
      trustedProxies: ['127.0.0.1'],
      identity: { user: 'X-Remote-User' },
    }));
    expect((await reload()).code).toBe(0);
    const client = openConnection({ port: sidecar.port });
    const request = 'GET /user HTTP/1.1\r\nHost: site.test\r\nX-Remote-User: alice\r\n\r\n';
    client.write(request);
    await client.until('user=alice;');
    rewrite((written) => ({ ...written, trustedProxies: [] }));
    expect((await reload()).code).toBe(0);
    client.write(request);
    await client.until('user=nobody;');
    client.end();
  });

  it('keeps a group that only requests make, while one would make it', async () => {
    const aliases = `WSGIScriptAliasMatch ^/any/([a-z]+) ${folder.path}/$1.wsgi`;
    configure({ more: aliases });
    await afterHup();
    const pid = await pidOf('/any/app');
    configure({ more: `${aliases}\n# touched` });
    expect(await afterHup()).toContain('"unchanged":1');
    expect(await pidOf('/any/app')).toBe(pid);
    configure();
    expect(await afterHup()).toContain('"stopped":1');
  });

  it('is done twice for many signals while one is under way, and the last text is in force', async () => {
    await pidOf('/shop');
    const from = sidecar.process.lines.length;
    folder.write('closed', '');
    configure({ shop: 'umask=0027' });
    sidecar.process.child.kill('SIGHUP');
    await replacementUnderWay();
    for (const umask of ['0077', '0007', '0070']) {
      configure({ shop: `umask=${umask}`, blog: umask !== '0070' });
      sidecar.process.child.kill('SIGHUP');
    }
    // The command joins the signals that wait, or is the next one after them.
    const asked = reload();
    rmSync(`${folder.path}/closed`);
    expect((await asked).code).toBe(0);
    const done = sidecar.process.lines.slice(from).filter((line) => line.includes('Configuration reloaded'));
    expect(done.length).toBeGreaterThanOrEqual(2);
    expect(done.length).toBeLessThanOrEqual(3);
    expect((await sidecar.get('site.test', '/blog')).status).toBe(404);
  });
});

const USER = `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("user=%s;" % environ.get("REMOTE_USER", "nobody")).encode()]
`;

type Written = { readonly listen: readonly object[] } & Readonly<Record<string, unknown>>;

/** Changes the settings file. */
function rewrite(change: (written: Written) => Written): void {
  writeFileSync(sidecar.config, JSON.stringify(change(JSON.parse(readFileSync(sidecar.config, 'utf8')))));
}
