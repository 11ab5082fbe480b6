/** `restart GROUP` against a running sidecar: no request is lost, and a broken deploy leaves the old process in place. */
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { reservePort } from '../support/port.ts';
import { openConnection } from '../support/raw-http.ts';
import { runSidecar, type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const APPLICATION = `import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("@VERSION@ %d" % os.getpid()).encode()]
`;

const CONF = `Listen 127.0.0.1:80
WSGIDaemonProcess shop threads=2
WSGIDaemonProcess blog threads=2
WSGIScriptReloading Off
<VirtualHost *:80>
    ServerName site.test
    WSGIScriptAlias /shop @ROOT@/shop.wsgi process-group=shop application-group=main
    WSGIScriptAlias /blog @ROOT@/blog.wsgi process-group=blog application-group=main
</VirtualHost>
`;

let folder: TemporaryFolder;
let sidecar: Sidecar;

const deploy = (name: string, version: string): string =>
  folder.write(`${name}.wsgi`, APPLICATION.replace('@VERSION@', version));

const start = (): Promise<Sidecar> =>
  startSidecar({
    apache: `${folder.path}/apache.conf`,
    as: '*:80',
    settings: { groups: { defaults: { allowRoot: true } } },
  });

const ask = async (
  path: string,
): Promise<readonly [version: string | undefined, pid: string | undefined]> => {
  const [version, pid] = (await sidecar.get('site.test', path)).text().split(' ');
  return [version, pid];
};

beforeAll(async () => {
  folder = makeTemporaryFolder();
  deploy('shop', 'one');
  deploy('blog', 'one');
  folder.write('apache.conf', CONF.replaceAll('@ROOT@', folder.path));
  sidecar = await start();
});

afterAll(async () => {
  await sidecar?.stop();
  folder?.remove();
});

afterEach(() => {
  deploy('shop', 'one');
});

describe('wsgi-sidecar restart', () => {
  const restart = (...words: readonly string[]): ReturnType<typeof runSidecar> =>
    runSidecar('restart', '--config', sidecar.config, ...words);

  it('says of a group without a process that there is nothing to replace', async () => {
    const fresh = await start();
    onTestFinished(() => fresh.stop());
    const { code, stdout } = await runSidecar('restart', '--config', fresh.config, 'blog', '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { result: 'idle', group: { processGroup: 'blog' } },
    ]);
  });

  it('replaces the process of one group and of no other', async () => {
    const before = { shop: await ask('/shop'), blog: await ask('/blog') };
    deploy('shop', 'two');
    const { code, stdout } = await restart('shop');
    const after = { shop: await ask('/shop'), blog: await ask('/blog') };
    expect(code).toBe(0);
    expect(stdout).toContain(`pid ${after.shop[1]}`);
    expect(after.shop[0]).toBe('two');
    expect(after.shop[1]).not.toBe(before.shop[1]);
    expect(after.blog).toEqual(before.blog);
  });

  it('leaves the old process serving and shows the traceback when the new one is not ready', async () => {
    const before = await ask('/shop');
    folder.write('shop.wsgi', 'raise ValueError("no such shelf")\n');
    const { code, all } = await restart('shop');
    expect(code).toBe(1);
    expect(all).toContain('no such shelf');
    expect(all).toMatch(/shop\.wsgi", line 1/);
    expect(all).toContain('goes on serving');
    expect(await ask('/shop')).toEqual(before);
    const { stdout } = await restart('shop', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ status: 409, failure: { step: 'import' } });
  });

  it('is told in lines that all name the group', async () => {
    await restart('shop');
    const lines = sidecar.process.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const about = lines.filter(({ group }) => group !== undefined);
    expect(about.length).toBeGreaterThan(4);
    for (const { process_group, application_group } of about)
      expect([['shop', 'blog'].includes(String(process_group)), application_group]).toEqual([true, 'main']);
  });

  it('has its failure shown by "groups --live" and by /api/groups, with traceback and journey', async () => {
    await ask('/shop');
    folder.write('shop.wsgi', 'raise ValueError("no such shelf")\n');
    await restart('shop');
    const { stdout, code } = await runSidecar('groups', '--live', '--config', sidecar.config);
    expect(code).toBe(0);
    const line = stdout.split('\n').find((text) => / main +shop /.test(text));
    expect(line).toMatch(/^[0-9a-f]{12} +main +shop +ready +\d+s +\d+ +0\/\d+ +process \d+ is ready/);
    expect(stdout).toMatch(/Group "main" of process group "shop"\n(.*\n)*.*no such shelf/);
    expect(stdout).toMatch(/Its start: spawn .* ms/);
    const { groups } = JSON.parse((await sidecar.ask('/api/groups')).text()) as {
      readonly groups: readonly { readonly processGroup: string }[];
    };
    expect(groups.find(({ processGroup }) => processGroup === 'shop')).toMatchObject({
      state: 'ready',
      processes: [{ state: 'ready', failed: 0 }],
      lastFailure: { step: 'import', traceback: expect.stringContaining('no such shelf') },
    });
  });

  it('is told as events', async () => {
    await ask('/shop');
    const port = 'port' in sidecar.admin ? sidecar.admin.port : 0;
    const listening = openConnection({ port });
    listening.write(`GET /api/events HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    await listening.until(': listening');
    await restart('shop');
    for (const what of ['started', 'ready', 'exited']) await listening.until(`"what":"${what}"`);
    listening.end();
  });

  it('takes an id, and asks for one where a name means several groups', async () => {
    const { all, code } = await restart('main');
    expect(code).toBe(1);
    const [id] = /([0-9a-f]{12}) +"main" of process group "shop"/m.exec(all)?.slice(1) ?? [];
    expect((await restart(id ?? '')).code).toBe(0);
  });

  it('restarts every group of a process group, or every group, one after the other', async () => {
    const before = { shop: await ask('/shop'), blog: await ask('/blog') };
    const { code, stdout } = await restart('--process-group', 'shop');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Group "main" of process group "shop" is ready/),
    ]);
    const between = { shop: await ask('/shop'), blog: await ask('/blog') };
    expect([between.shop[1] === before.shop[1], between.blog]).toEqual([false, before.blog]);
    const all = await restart('--all', '--json');
    expect([all.code, JSON.parse(all.stdout)]).toMatchObject([
      0,
      { restarts: [{ result: 'restarted' }, { result: 'restarted' }] },
    ]);
    expect((await ask('/blog'))[1]).not.toBe(before.blog[1]);
  });

  it('goes on behind a group that stays as it was, and ends with 1', async () => {
    const before = { shop: await ask('/shop'), blog: await ask('/blog') };
    folder.write('shop.wsgi', 'raise ValueError("no such shelf")\n');
    const { code, stdout } = await restart('--all', '--json');
    const { restarts } = JSON.parse(stdout) as { restarts: readonly object[] };
    expect(code).toBe(1);
    expect(restarts).toMatchObject([
      { result: 'kept', group: { processGroup: 'shop' }, problem: { status: 409 } },
      { result: 'restarted', group: { processGroup: 'blog' } },
    ]);
    expect(await ask('/shop')).toEqual(before.shop);
    expect((await ask('/blog'))[1]).not.toBe(before.blog[1]);
  });

  it.each([[[]], [['shop', '--all']], [['--all', '--process-group', 'shop']]])(
    'wants exactly one way of saying which groups: %j',
    async (words) => {
      const { all, code } = await restart(...words);
      expect([code, all]).toEqual([2, expect.stringContaining('give one of: a group, --process-group')]);
    },
  );

  it('names the process groups where there is none of that name', async () => {
    const { all, code } = await restart('--process-group', 'main');
    expect([code, all]).toEqual([1, expect.stringContaining('there are "shop", "blog"')]);
  });

  it('says what to do about a group that is not there', async () => {
    const { all, code } = await restart('nothing');
    expect([code, all]).toEqual([1, expect.stringContaining('There is no group "nothing"')]);
  });

  it('says what to do where no sidecar answers', async () => {
    const port = await reservePort();
    const { all, code } = await runSidecar('restart', 'shop', '--admin', `127.0.0.1:${port}`);
    expect([code, all]).toEqual([
      1,
      expect.stringContaining(`No sidecar answers on "127.0.0.1:${port}" (ECONNREFUSED)`),
    ]);
    const path = `${folder.path}/none.sock`;
    const unix = await runSidecar('restart', 'shop', '--admin', `unix:${path}`);
    expect([unix.code, unix.all]).toEqual([1, expect.stringContaining(`"unix:${path}" (ENOENT)`)]);
  });
});
