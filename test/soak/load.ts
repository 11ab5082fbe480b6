/** Constant load: a number of clients per group, each with one request at a time, kept-alive and new connections mixed. */
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ending, judge, makeOrder, type Order, type Outcome } from './verdict.ts';

export type LoadOptions = {
  readonly port: number;
  readonly groups: readonly string[];
  readonly random: () => number;
  readonly ended: (outcome: Outcome) => void;
};

const CLIENTS_PER_GROUP = 6;
/** Of the six: how many open a connection for each request. */
const NEW_CONNECTIONS = 2;
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
    this.#clients = this.#options.groups.flatMap((group) =>
      Array.from({ length: CLIENTS_PER_GROUP }, (_, index) => this.#run(group, index >= NEW_CONNECTIONS)),
    );
  }

  /** No more requests; resolves when the last one has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }

  async #run(group: string, keepAlive: boolean): Promise<void> {
    const { random, ended, port } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#sent += 1;
      const order = makeOrder(this.#sent, group, random);
      const startedAt = Date.now();
      const ending = await send(order, port, keepAlive ? this.#agent : false);
      ended({ order, ending, verdict: judge(order, ending), startedAt, endedAt: Date.now() });
      await delay(random() * LONGEST_PAUSE_MS);
    }
  }
}

function send(order: Order, port: number, agent: Agent | false): Promise<Ending> {
  return new Promise((resolve) => {
    const headers = {
      host: 'soak.test',
      ...(order.body === undefined ? {} : { 'content-length': order.body.length }),
    };
    const asked = request({
      port,
      host: '127.0.0.1',
      method: order.body === undefined ? 'GET' : 'POST',
      path: `/${order.group}/${order.kind}?${order.number}`,
      headers,
      agent,
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
