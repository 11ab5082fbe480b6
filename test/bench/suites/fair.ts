/** (e) What neighbours cost: idle connections beside busy ones, and a saturated group beside three others. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { helloBody, placeApplication } from '../apps.ts';
import { grantAll } from '../peers/apache.ts';
import { type RunningPeer, startVerified } from '../peers/peer.ts';
import { startSidecar } from '../peers/sidecar.ts';
import { subjectName, withoutIdle, withoutSaturated } from '../reaches.ts';
import type { CaseResult, Sample } from '../statistics.ts';
import { runLoad } from '../wrk.ts';
import { interleave, type SuiteContext, sharedCores } from './suite.ts';

const idleClients = 1000;
const busyConnections = 64;
const groupConnections = 4;
/** More than the 15 threads of a group, less than what its queue takes. */
const saturatingConnections = 32;
const quickMounts = ['/a', '/b', '/c'];

/** Measures the sidecar with the neighbour (as `sidecar`) and without. */
export async function measureFair(context: SuiteContext): Promise<readonly CaseResult[]> {
  const { stage } = context;
  const hello = placeApplication(stage, 'hello.py');
  const slow = placeApplication(stage, 'slow.py');
  const mounts = [...quickMounts.map((mount) => [mount, hello]), ['/slow', slow]];
  const lines = mounts.map((pair) => `WSGIScriptAlias ${pair.join(' ')}`);
  const peer = await startVerified(
    { name: subjectName, start: (setting) => startSidecar(setting, 'fair', [...lines, ...grantAll]) },
    { stage, cores: sharedCores, serves: hello },
    { path: '/a', body: helloBody },
  );
  return [await besideIdle(context, peer), await besideSaturated(context, peer)];
}

async function besideIdle(context: SuiteContext, { url }: RunningPeer): Promise<CaseResult> {
  const load = () => loadMount(context, `${url}/a`, busyConnections);
  await load();
  const sides = [
    { name: subjectName, measure: () => withIdleClients(new URL(`${url}/a`), load) },
    { name: withoutIdle, measure: load },
  ];
  return interleave(context, `${idleClients} idle clients`, sides, (side) => side.measure());
}

async function besideSaturated(context: SuiteContext, { url }: RunningPeer): Promise<CaseResult> {
  const quick = () => allAsOne(quickMounts.map((mount) => loadMount(context, url + mount, groupConnections)));
  const crowded = async () => {
    const [sample] = await Promise.all([quick(), loadMount(context, `${url}/slow`, saturatingConnections)]);
    return sample;
  };
  await crowded();
  const sides = [
    { name: subjectName, measure: crowded },
    { name: withoutSaturated, measure: quick },
  ];
  return interleave(context, 'a saturated group', sides, (side) => side.measure());
}

async function loadMount(context: SuiteContext, url: string, connections: number): Promise<Sample> {
  const { seconds } = context.options;
  const { requests: _, ...figures } = await runLoad(context.stage, {
    url,
    connections,
    seconds,
    cores: sharedCores,
  });
  return figures;
}

/** Three groups as one: all their requests, and the worst of their times. */
async function allAsOne(loads: readonly Promise<Sample>[]): Promise<Sample> {
  const samples = await Promise.all(loads);
  const sum = (values: (number | undefined)[]) => values.reduce<number>((all, one) => all + (one ?? 0), 0);
  return {
    requestsPerSecond: sum(samples.map((sample) => sample.requestsPerSecond)),
    p50Ms: Math.max(...samples.map((sample) => sample.p50Ms ?? 0)),
    p99Ms: Math.max(...samples.map((sample) => sample.p99Ms ?? 0)),
    errors: sum(samples.map((sample) => sample.errors)),
  };
}

/** Measures while clients that have been answered once keep their connections. */
async function withIdleClients(url: URL, measure: () => Promise<Sample>): Promise<Sample> {
  const clients = await Promise.all(Array.from({ length: idleClients }, () => openIdle(url)));
  try {
    return await measure();
  } finally {
    for (const client of clients) client.destroy();
  }
}

async function openIdle(url: URL): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname);
  socket.on('error', () => undefined);
  socket.write(`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
  await once(socket, 'data');
  return socket;
}
