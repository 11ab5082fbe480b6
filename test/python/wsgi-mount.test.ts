/** What the built-in worker is told of a request: mounts by number on each connection, the rest by position. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openConnection } from '../support/raw-http.ts';
import { describeEachPython } from './each-python.ts';
import { fixture, startWorker, type Worker } from './worker.ts';

const ECHO = fixture('echo_environ');

function mountOf(stage: string, more: Readonly<Record<string, string>> = {}): string {
  return JSON.stringify({ SCRIPT_FILENAME: ECHO, DOCUMENT_ROOT: '/srv/www', STAGE: stage, ...more });
}

const REQUEST = 'id-1|1700000000000000|192.0.2.9|4000|keep-alive|/app|/x|/app/x?y=1';

type Told = { readonly mount: string; readonly request?: string; readonly fields?: string };
type Said = { readonly status: number; readonly environ: Readonly<Record<string, unknown>> };

describeEachPython('a connection to a worker', (python) => {
  let worker: Worker;
  beforeAll(async () => {
    worker = await startWorker(python);
  });
  afterAll(() => worker.stop());

  /** The environs of requests that one connection carries, one after the other. */
  async function tell(...requests: readonly Told[]): Promise<readonly Said[]> {
    const connection = openConnection({ socketPath: worker.socketPath });
    for (const [i, { mount, request = REQUEST, fields = '' }] of requests.entries()) {
      const last = i === requests.length - 1 ? 'connection: close\r\n' : '';
      const own = `x-sidecar-mount: ${mount}\r\nx-sidecar-request: ${request}\r\n`;
      connection.write(`GET /app/x?y=1 HTTP/1.1\r\nhost: a\r\n${fields}${last}${own}\r\n`);
    }
    return saidIn(await connection.closed);
  }

  function saidIn(text: string): readonly Said[] {
    const said: Said[] = [];
    for (let at = 0; at < text.length; ) {
      const body = text.indexOf('\r\n\r\n', at) + 4;
      const head = text.slice(at, body);
      const end = body + Number(/content-length: (\d+)/i.exec(head)?.[1]);
      const status = Number(head.slice(9, 12));
      said.push({ status, environ: status === 200 ? JSON.parse(text.slice(body, end)) : {} });
      at = end;
    }
    return said;
  }

  it('names the mounts that it has told by their numbers', async () => {
    const [first, second] = [mountOf('first'), mountOf('second')];
    const mounts = [`0 ${first}`, `1 ${second}`, '0', '1', `0 ${second}`, '0'];
    const said = await tell(...mounts.map((mount) => ({ mount })));
    expect(said.map(({ environ }) => environ.STAGE)).toEqual([
      'first',
      'second',
      'first',
      'second',
      'second',
      'second',
    ]);
  });

  it('is refused a number that only another connection was told, and any other text', async () => {
    await tell({ mount: `7 ${mountOf('first')}` });
    const said = await tell(
      { mount: '7' },
      { mount: '{}, {}' },
      { mount: '7 {"a' },
      { mount: '7' },
      { mount: '' },
    );
    expect(said.map(({ status }) => status)).toEqual([500, 500, 500, 500, 500]);
  });

  it('leaves nothing of one request in the next', async () => {
    const mount = mountOf('first', { HTTP_X_BOTH: 'mount' });
    const [first, second] = await tell(
      {
        mount: `0 ${mount}`,
        fields: 'x-both: header\r\nx-one: 1\r\n',
        request: `${REQUEST}|{"REMOTE_USER":"eve"}`,
      },
      { mount: '0' },
    );
    expect(first?.environ).toMatchObject({ HTTP_X_BOTH: 'header', HTTP_X_ONE: '1', REMOTE_USER: 'eve' });
    expect(second?.environ).toMatchObject({ HTTP_X_BOTH: 'mount' });
    for (const name of ['HTTP_X_ONE', 'REMOTE_USER']) expect(second?.environ).not.toHaveProperty(name);
  });

  it('makes of positions the environ that JSON makes', async () => {
    const request = {
      SCRIPT_NAME: '/app',
      PATH_INFO: '/x',
      REQUEST_URI: '/app/x?y=1',
      REMOTE_ADDR: '192.0.2.9',
      REMOTE_PORT: '4000',
      PATH_TRANSLATED: '/srv/www/x',
      HTTP_CONNECTION: 'keep-alive',
      'mod_wsgi.request_id': 'id-1',
      'mod_wsgi.request_start': '1700000000000000',
      'mod_wsgi.script_name': '/app',
      'mod_wsgi.path_info': '/x',
    };
    const mount = mountOf('first');
    const [plain, json] = await tell(
      { mount: `0 ${mount}` },
      { mount: '0', request: JSON.stringify(request) },
    );
    const ofEach = [
      'mod_wsgi.script_start',
      'mod_wsgi.thread_requests',
      'mod_wsgi.total_requests',
      'mod_wsgi.thread_id',
    ];
    const same = Object.fromEntries(ofEach.map((name) => [name, expect.anything()]));
    expect(plain?.environ).toMatchObject(request);
    expect(plain?.environ).toEqual({ ...json?.environ, ...same });
  });

  it.each([
    ['below a script at /', '', '/x', `${ECHO}/x`],
    ['below another script', '/app', '/x', '/srv/www/x'],
    ['at a script', '/app', '', undefined],
  ])('translates a path %s', async (_, script, info, expected) => {
    const request = `id-1|1|192.0.2.9|4000||${script}|${info}|/app`;
    const [said] = await tell({ mount: `0 ${mountOf('first')}`, request });
    expect(said?.environ.PATH_TRANSLATED).toBe(expected);
    expect(said?.environ).not.toHaveProperty('HTTP_CONNECTION');
  });

  it('lets rare entries win over positions, and take entries away', async () => {
    const rare = '{"SCRIPT_NAME":"/a|b","HTTPS":"on","":"HTTP_HOST HTTP_CONNECTION"}';
    const [said] = await tell({ mount: `0 ${mountOf('first')}`, request: `${REQUEST}|${rare}` });
    expect(said?.environ).toMatchObject({ SCRIPT_NAME: '/a|b', 'wsgi.url_scheme': 'https' });
    for (const name of ['HTTPS', 'HTTP_HOST', 'HTTP_CONNECTION'])
      expect(said?.environ).not.toHaveProperty(name);
  });

  it('is refused positions that are too few, and serves on', async () => {
    const mount = mountOf('first');
    const said = await tell({ mount: `0 ${mount}`, request: 'id-1|1' }, { mount: '0' });
    expect(said.map(({ status }) => status)).toEqual([500, 200]);
  });

  it('shows the method, query and protocol of the request, whatever SetEnv says', async () => {
    const mount = mountOf('first', { REQUEST_METHOD: 'PUT', QUERY_STRING: 'z', SERVER_PROTOCOL: 'X' });
    const [said] = await tell({ mount: `0 ${mount}` });
    expect(said?.environ).toMatchObject({
      REQUEST_METHOD: 'GET',
      QUERY_STRING: 'y=1',
      SERVER_PROTOCOL: 'HTTP/1.1',
    });
  });
});
