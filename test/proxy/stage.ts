/** A listener with a real front and forwarder before upstreams that a test writes byte by byte. */
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Claim, ClaimResult } from '../../src/groups/claim.ts';
import type { Lease, LeaseOutcome, Refusal, Upstream } from '../../src/groups/lease.ts';
import { BusyPoll } from '../../src/proxy/busy-poll.ts';
import type { RequestFacts } from '../../src/proxy/environ.ts';
import { Forwarder } from '../../src/proxy/forwarder.ts';
import { Front, type FrontDeps, type FrontOptions } from '../../src/proxy/front.ts';
import { FRONT_LIMITS, type FrontLimits } from '../../src/proxy/limits.ts';
import { type Listener, type ListenerOptions, startListener } from '../../src/proxy/listener.ts';
import type { EndingLimit, Observation, RequestObserver } from '../../src/proxy/observation.ts';
import { parseTrustList } from '../../src/proxy/peer.ts';
import type { SpoolRoom } from '../../src/proxy/spool-room.ts';
import { groupKey } from '../../src/routing/group-key.ts';
import type { MountOptions, Route, RouteRequest, WsgiRoute } from '../../src/routing/route.ts';
import type { Mount, VirtualHost } from '../../src/site/model.ts';
import type { Target } from '../support/raw-http.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const position = { file: '/etc/apache2/test.conf', line: 1 };

/** A route to a group for any path, as `resolveRoute` would make it. */
export function wsgiRoute(parts: Partial<WsgiRoute> = {}, options: Partial<MountOptions> = {}): WsgiRoute {
  const identity = { processGroup: '', applicationGroup: 'www.test|/app' };
  return {
    kind: 'wsgi',
    virtualHost: virtualHost(),
    path: '/app/x',
    query: '',
    serverName: 'www.test',
    serverPort: 80,
    mount: MOUNT,
    scriptFilename: '/srv/app.wsgi',
    scriptName: '/app',
    pathInfo: '/x',
    identity,
    key: groupKey(identity),
    callableObject: 'application',
    documentRoot: '/var/www',
    environment: new Map(),
    options: {
      passAuthorization: false,
      chunkedRequest: false,
      scriptReloading: true,
      ignoreActivity: false,
      mapHeadToGet: false,
      bodyLimitBytes: undefined,
      serverAdmin: 'webmaster@www.test',
      ...options,
    },
    access: { kind: 'granted' },
    ...parts,
  };
}

/** The proxy looks at the id alone. */
export function virtualHost(): VirtualHost {
  return { id: 'www.test:80', serverName: 'www.test', position } as unknown as VirtualHost;
}

const MOUNT = {
  id: 'www.test:/app',
  mountPoint: '/app',
  target: '/srv/app.wsgi',
  position,
} as unknown as Mount;

/** Of a plain request for `wsgiRoute()`. */
export const REQUEST_FACTS: RequestFacts = {
  method: 'GET',
  target: '/app/x?y=1',
  minorVersion: 1,
  remoteAddress: '192.0.2.9',
  remotePort: 4000,
  user: undefined,
  requestId: 'id-1',
  startedUs: 1_700_000_000_000_000,
  connection: undefined,
  emptyBody: false,
  chunked: false,
};

/** What an upstream does with a connection's bytes; `head` and `body` are all that came so far. */
export type Recorder = {
  readonly upstream: Upstream;
  /** All bytes of each connection. */
  readonly received: string[];
  readonly server: Server;
  /** Ends the process that this stands for. */
  die(): void;
};

/** Answers each connection by hand: `serve` is called at every piece with all that the connection has sent. */
export async function startRecorder(
  folder: string,
  serve: (socket: Socket, text: string) => void,
  name = 'upstream',
): Promise<Recorder> {
  const received: string[] = [];
  const closed = new AbortController();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const index = received.push('') - 1;
    sockets.add(socket);
    socket
      .on('error', () => {})
      .on('close', () => sockets.delete(socket))
      .on('data', (chunk) => {
        received[index] += chunk.toString('latin1');
        serve(socket, received[index] ?? '');
      });
  });
  const socketPath = join(folder, `${name}.sock`);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    upstream: { pid: 4711, socketPath, threads: 8, closed: closed.signal },
    received,
    server,
    die() {
      server.close();
      for (const socket of sockets) socket.destroy();
      closed.abort();
    },
  };
}

/** A stage before one upstream, taken down when the test ends. */
export async function stageBefore(
  serve: string | ((socket: Socket, text: string) => void),
  parts: Omit<StageParts, 'upstream'> = {},
): Promise<Stage & { readonly recorder: Recorder }> {
  const folder = makeTemporaryFolder();
  const recorder = await startRecorder(folder.path, typeof serve === 'string' ? answering(serve) : serve);
  const stage = await startStage({ upstream: recorder.upstream, ...parts });
  onTestFinished(async () => {
    await stage.close();
    recorder.die();
    folder.remove();
  });
  return { ...stage, recorder };
}

function claimBy(acquire: NonNullable<StageParts['acquire']>): FrontDeps['claim'] {
  return (_identity, _key, claim: Claim): ClaimResult => {
    const controller = new AbortController();
    const answer = acquire(controller.signal);
    if (!(answer instanceof Promise)) return answer;
    void answer.then((outcome) => claim.settled(outcome));
    return { kind: 'waiting', leave: () => controller.abort() };
  };
}

/** What a stage is made of; everything has a default but the upstream. */
export type StageParts = {
  readonly upstream?: Upstream;
  readonly route?: Route | ((request: RouteRequest) => Route);
  /** What a group says to a request; a promise stands for the queue, which `signal` tells of one who leaves. */
  readonly acquire?: (signal: AbortSignal) => Lease | Refusal | Promise<Lease | Refusal>;
  readonly front?: Partial<Omit<FrontOptions, 'trust' | 'limits'>> & {
    readonly trustedProxies?: readonly string[];
    readonly limits?: Partial<FrontLimits>;
  };
  readonly listener?: Partial<ListenerOptions>;
  readonly responseTimeoutMs?: number;
  /** In the place of what is recorded. */
  readonly observer?: Partial<RequestObserver>;
  readonly spool?: SpoolRoom;
};

export type Stage = {
  readonly target: Target;
  readonly front: Front;
  readonly listener: Listener;
  readonly observations: Observation[];
  readonly requests: RouteRequest[];
  /** The application group of each WebSocket that was opened; undefined for the legacy upstream's. */
  readonly webSockets: (string | undefined)[];
  /** How each lease was given back, in order. */
  readonly outcomes: LeaseOutcome[];
  /** The limit of each connection that was ended without a request. */
  readonly ends: EndingLimit[];
  /** For each fault that was counted, how many requests had been routed. */
  readonly faults: number[];
  readonly logged: { level: string; fields: object; message: string }[];
  /** The observation of the nth request, once it is there. */
  observed(index?: number): Promise<Observation>;
  /** How the nth lease was given back, once it was. */
  released(index?: number): Promise<LeaseOutcome>;
  close(): Promise<void>;
};

export async function startStage(parts: StageParts): Promise<Stage> {
  const observations: Observation[] = [];
  const requests: RouteRequest[] = [];
  const outcomes: LeaseOutcome[] = [];
  const webSockets: Stage['webSockets'] = [];
  const ends: EndingLimit[] = [];
  const faults: number[] = [];
  const logged: Stage['logged'] = [];
  const watchers = new Set<() => void>();
  const tell = (): void => {
    for (const watcher of watchers) watcher();
  };
  const log = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message });
  const forwarder = new Forwarder({
    responseTimeoutMs: parts.responseTimeoutMs ?? 30_000,
    connectTimeoutMs: 5_000,
  });
  const lease = (): Lease | Refusal =>
    leaseOf(parts.upstream, (outcome) => {
      outcomes.push(outcome);
      tell();
    });
  const { route = wsgiRoute() } = parts;
  const { trustedProxies = [], limits = {}, ...options } = parts.front ?? {};
  const front = new Front(
    {
      resolve(request) {
        requests.push(request);
        return typeof route === 'function' ? route(request) : route;
      },
      claim: claimBy(parts.acquire ?? lease),
      observer: {
        requestStarted() {},
        webSocketOpened(identity) {
          webSockets.push(identity?.applicationGroup);
        },
        requestFinished(observation) {
          observations.push(observation);
          tell();
        },
        connectionEnded: (limit) => void ends.push(limit),
        errorUnexpected: () => void faults.push(requests.length),
        ...parts.observer,
      },
      log: { info: log('info'), warn: log('warn'), error: log('error') },
      poll: new BusyPoll(),
      forwarder,
      spool: parts.spool,
    },
    {
      as: {},
      tls: false,
      accessControl: 'refuse',
      trust: parseTrustList(trustedProxies),
      limits: { ...FRONT_LIMITS, ...limits },
      ...options,
    },
  );
  const listener = await startListener({ bind: '127.0.0.1:0', ...parts.listener }, front);
  const until = <T>(list: readonly T[], index: number): Promise<T> =>
    new Promise((resolve) => {
      const look = (): void => {
        const item = list[index];
        if (item === undefined) return;
        watchers.delete(look);
        resolve(item);
      };
      watchers.add(look);
      look();
    });
  return {
    target: targetOf(listener),
    front,
    listener,
    observations,
    requests,
    outcomes,
    webSockets,
    ends,
    faults,
    logged,
    observed: (index = 0) => until(observations, index),
    released: (index = 0) => until(outcomes, index),
    async close() {
      listener.destroy();
      await listener.close();
      await forwarder.close();
    },
  };
}

function leaseOf(upstream: Upstream | undefined, released: (outcome: LeaseOutcome) => void): Lease | Refusal {
  if (upstream === undefined)
    return { kind: 'refusal', code: 'ERR_GROUP_START_FAILED', message: 'No upstream' };
  return { kind: 'lease', upstream, queuedMs: 0, release: released };
}

function targetOf(listener: Listener): Target {
  const { address } = listener;
  if (address.startsWith('unix:')) return { socketPath: address.slice('unix:'.length) };
  return { port: Number(address.slice(address.lastIndexOf(':') + 1)) };
}

/** The first head of a recorded connection as lower-case names and values. */
export function headersOf(text: string): Map<string, string> {
  const [, ...lines] = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
}

const POSITIONS = [
  'mod_wsgi.request_id',
  'mod_wsgi.request_start',
  'REMOTE_ADDR',
  'REMOTE_PORT',
  'HTTP_CONNECTION',
  'SCRIPT_NAME',
  'PATH_INFO',
  'REQUEST_URI',
] as const;

/** What the built-in worker was told by `x-sidecar-request` of the first head in a text. */
export function environOf(text: string | undefined): Record<string, string> {
  const told = headersOf(text ?? '').get('x-sidecar-request') ?? '{}';
  if (told.startsWith('{')) return JSON.parse(told) as Record<string, string>;
  const parts = told.split('|');
  const rare = parts.slice(POSITIONS.length).join('|') || '{}';
  const environ: Record<string, string> = {};
  for (const [i, name] of POSITIONS.entries()) environ[name] = parts[i] ?? '';
  return { ...environ, ...(JSON.parse(rare) as Record<string, string>) };
}

/** A 200 with a body, whole and keep-alive. */
export function ok(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Answers 200 with a body once a head has come whole; for requests without a body. */
export function answering(answer: string): (socket: Socket, text: string) => void {
  return (socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write(answer, 'latin1');
  };
}
