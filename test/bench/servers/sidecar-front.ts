/** PORT SOCKET: the sidecar's front path and transport, with a lease that is always there and the HTTP server on SOCKET behind it. */
import type { Lease } from '../../../src/groups/lease.ts';
import { BusyPoll } from '../../../src/proxy/busy-poll.ts';
import { Forwarder } from '../../../src/proxy/forwarder.ts';
import { Front } from '../../../src/proxy/front.ts';
import { FRONT_LIMITS } from '../../../src/proxy/limits.ts';
import { startListener } from '../../../src/proxy/listener.ts';
import { parseTrustList } from '../../../src/proxy/peer.ts';
import { groupKey } from '../../../src/routing/group-key.ts';
import type { WsgiRoute } from '../../../src/routing/route.ts';

const [port, socketPath = ''] = process.argv.slice(2);
const position = { file: 'bench.conf', line: 1, column: 1 };
const identity = { processGroup: '', applicationGroup: '' };
const upstream = { pid: process.pid, socketPath, threads: 64, closed: new AbortController().signal };

const route = {
  kind: 'wsgi',
  virtualHost: { id: 'localhost:80', serverName: 'localhost', position },
  path: '/',
  query: '',
  serverName: 'localhost',
  serverPort: Number(port),
  mount: { id: 'localhost:/', mountPoint: '/', target: '/bench.py', position },
  scriptFilename: '/bench.py',
  scriptName: '',
  pathInfo: '/',
  identity,
  key: groupKey(identity),
  callableObject: 'application',
  documentRoot: '/',
  environment: new Map(),
  options: {
    passAuthorization: false,
    chunkedRequest: false,
    scriptReloading: true,
    ignoreActivity: false,
    mapHeadToGet: true,
    bodyLimitBytes: undefined,
    serverAdmin: '[no address given]',
  },
  access: { kind: 'granted' },
} as unknown as WsgiRoute;

const silent = () => undefined;

const front = new Front(
  {
    resolve: () => route,
    claim: (): Lease => ({ kind: 'lease', upstream, queuedMs: 0, release: silent }),
    observer: {
      requestStarted: silent,
      webSocketOpened: silent,
      requestFinished: silent,
      connectionEnded: silent,
      errorUnexpected: silent,
    },
    log: { info: silent, warn: report, error: report },
    poll: new BusyPoll(),
    forwarder: new Forwarder({ responseTimeoutMs: 60_000, connectTimeoutMs: 5000 }),
  },
  {
    as: {},
    tls: false,
    trust: parseTrustList([]),
    accessControl: 'refuse',
    limits: { ...FRONT_LIMITS, keepAliveTimeoutMs: 65_000, requestsPerConnection: 0 },
  },
);

function report(fields: object, message: string): void {
  process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
}

await startListener({ bind: `127.0.0.1:${port}` }, front);
