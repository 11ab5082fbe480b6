/** Constant load: clients of each group, each with one request at a time; kept-alive and new connections, TCP and a Unix socket. */
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ending, judge, makeOrder, type Order, type Outcome } from './verdict.ts';

export type LoadOptions = {
  readonly port: number;
  readonly socketPath: string;
  readonly groups: readonly string[];
  readonly random: () => number;
  readonly ended: (outcome: Outcome) => void;
};

/** How a client connects: over TCP or not, and once for all its requests or anew for each. */
type Way = { readonly overTcp: boolean; readonly keepAlive: boolean };

const CLIENTS: readonly Way[] = [
  { overTcp: true, keepAlive: true },
  { overTcp: true, keepAlive: true },
  { overTcp: true, keepAlive: true },
  { overTcp: true, keepAlive: false },
  { overTcp: false, keepAlive: true },
  { overTcp: false, keepAlive: false },
];
/** Longer than any of the sidecar's own limits that a request may run into here. */
const HUNG_MS = 60_000;
const LONGEST_PAUSE_MS = 40;

export class Load {
  readonly #options: LoadOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #stop = new AbortController();
  #sent = 0;
  #clients: readonly Promise<void>[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  get sent(): number {
    return this.#sent;
  }

  start(): void {
    this.#clients = this.#options.groups.flatMap((group) => CLIENTS.map((way) => this.#run(group, way)));
  }

  /** No more requests; resolves when the last one has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }

  async #run(group: string, { overTcp, keepAlive }: Way): Promise<void> {
    const { random, ended, port, socketPath } = this.#options;
    const { signal } = this.#stop;
    const place = {
      ...(overTcp ? { host: '127.0.0.1', port } : { socketPath }),
      agent: keepAlive && this.#agent,
    };
    while (!signal.aborted) {
      this.#sent += 1;
      const order = makeOrder(this.#sent, group, random);
      const startedAt = Date.now();
      const ending = await send(order, place);
      ended({ order, ending, verdict: judge(order, ending), startedAt, endedAt: Date.now() });
      await delay(random() * LONGEST_PAUSE_MS);
    }
  }
}

function send(order: Order, place: RequestOptions): Promise<Ending> {
  return new Promise((resolve) => {
    const headers = {
      host: 'soak.test',
      ...(order.body === undefined ? {} : { 'content-length': order.body.length }),
    };
    const asked = request({
      ...place,
      method: order.body === undefined ? 'GET' : 'POST',
      path: `/${order.group}/${order.kind}?${order.number}`,
      headers,
    });
    const timer = setTimeout(() => {
      resolve({ kind: 'hung' });
      asked.destroy();
    }, HUNG_MS);
    const finish = (ending: Ending): void => {
      clearTimeout(timer);
      resolve(ending);
    };
    asked.once('response', (response) => receive(response, finish));
    asked.once('error', (error: NodeJS.ErrnoException) => finish(broken(asked, error)));
    asked.end(order.body);
  });
}

function receive(response: IncomingMessage, finish: (ending: Ending) => void): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.once('error', (error) =>
    finish({ kind: 'broken', problem: `${error.message} in an answer of ${response.statusCode}` }),
  );
  response.once('end', () => {
    const header = (name: string): number | undefined =>
      response.headers[name] === undefined ? undefined : Number(response.headers[name]);
    const [pid, version] = [header('x-pid'), header('x-version')];
    finish({
      kind: 'whole',
      status: response.statusCode ?? 0,
      text: Buffer.concat(chunks).toString('latin1'),
      ...(pid === undefined ? {} : { pid }),
      ...(version === undefined ? {} : { version }),
    });
  });
}

function broken(asked: ClientRequest, error: NodeJS.ErrnoException): Ending {
  const connection = asked.reusedSocket ? 'a kept-alive connection' : 'a new connection';
  return { kind: 'broken', problem: `${error.code ?? error.message} on ${connection}` };
}
