/** A process that is killed under a stream of requests that may not be repeated: through the whole sidecar. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { send } from '../support/raw-http.ts';
import { type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const APPLICATION = `import os, time
def application(environ, start_response):
    time.sleep(0.002)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
`;

const CLIENTS = 8;
const KILLS = 3;

let folder: TemporaryFolder;
let sidecar: Sidecar;

beforeEach(async () => {
  folder = makeTemporaryFolder();
  folder.write('app.wsgi', APPLICATION);
  const apache = folder.write(
    'apache.conf',
    `Listen 127.0.0.1:80
WSGIDaemonProcess shop threads=15
<VirtualHost *:80>
    ServerName site.test
    WSGIScriptAlias / ${folder.path}/app.wsgi process-group=shop application-group=main
</VirtualHost>
`,
  );
  sidecar = await startSidecar({
    apache,
    as: '*:80',
    settings: { groups: { defaults: { allowRoot: true } } },
  });
});

afterEach(async () => {
  await sidecar?.stop();
  folder?.remove();
});

type Sent = {
  readonly status: number;
  readonly text: string;
  /** How many processes had been killed when it was sent, and when it was answered. */
  readonly killsBefore: number;
  readonly killsAfter: number;
};

/** Many clients, each sending one request after the other, until it is told to stop. */
class Stream {
  readonly answers: Sent[] = [];
  #isOver = false;
  readonly #clients: readonly Promise<void>[];
  readonly #watchers = new Set<() => void>();

  kills = 0;

  readonly #body: string;

  constructor(body: string) {
    this.#body = body;
    this.#clients = Array.from({ length: CLIENTS }, () => this.#run());
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const killsBefore = this.kills;
      const options = { method: 'POST', body: this.#body, headers: { Host: 'site.test' } };
      const { status, text } = await send({ port: sidecar.port }, '/', options).then((answer) => ({
        status: answer.status,
        text: answer.text(),
      }));
      this.answers.push({ status, text, killsBefore, killsAfter: this.kills });
      for (const watcher of this.#watchers) watcher();
    }
  }

  /** A pid that has answered and is none of these. */
  async nextPid(known: readonly string[]): Promise<string> {
    const find = (): string | undefined =>
      this.answers.find(({ status, text }) => status === 200 && !known.includes(text))?.text;
    return await new Promise((resolve) => {
      const look = (): void => {
        const pid = find();
        if (pid === undefined) return;
        this.#watchers.delete(look);
        resolve(pid);
      };
      this.#watchers.add(look);
    });
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }
}

describe('a process that is killed under a stream of POSTs', () => {
  it.each([
    ['no body', ''],
    ['a small body', 'a=b'],
  ])('takes along what it had at that moment, and nothing that came after: %s', async (_, body) => {
    const stream = new Stream(body);
    const pids: string[] = [];
    while (pids.length < KILLS) {
      const pid = await stream.nextPid(pids);
      pids.push(pid);
      process.kill(Number(pid), 'SIGKILL');
      stream.kills += 1;
    }
    await stream.nextPid(pids);
    await stream.end();
    const failed = stream.answers.filter(({ status }) => status !== 200);
    expect(failed.filter((sent) => sent.killsBefore === sent.killsAfter)).toEqual([]);
  });

  it('gives back a POST with a small body that it had not begun to read', async () => {
    const post = { method: 'POST', body: 'a=b' };
    const pid = (await sidecar.get('site.test', '/')).text();
    process.kill(Number(pid), 'SIGSTOP');
    // A thread that is told to stop while it waits for a request may still be given one.
    await expect.poll(() => statesOf(pid)).toMatch(/^T+$/);
    const answer = sidecar.get('site.test', '/', post);
    while (!/requests_in_flight\{[^}]*"main"[^}]*\} 1\n/.test(await metrics()));
    process.kill(Number(pid), 'SIGKILL');
    const { status, text } = await answer;
    expect(status).toBe(200);
    expect(text()).not.toBe(pid);
  });
});

/** Of each thread, by proc_pid_stat(5); `T` is stopped. */
function statesOf(pid: string): string {
  const threads = readdirSync(`/proc/${pid}/task`);
  const states = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1'));
  return states.map((text) => text.slice(text.lastIndexOf(')') + 2)[0]).join('');
}

async function metrics(): Promise<string> {
  return (await sidecar.ask('/metrics')).text();
}
