/**
 * (h) Memory under load: a million requests over 64 connections for one URL; as many with a URL, a Host and a client address (by a trusted front)
 * of their own; and connections from addresses of their own. What counts is the most that was resident, and whether it was flat.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { helloBody, placeApplication } from '../apps.ts';
import { daemonSite } from '../peers/apache.ts';
import { type RunningPeer, startVerified } from '../peers/peer.ts';
import { startSidecar } from '../peers/sidecar.ts';
import { residentBytes } from '../process-tree.ts';
import { memoryCases, subjectName } from '../reaches.ts';
import { type CaseResult, median, type Sample } from '../statistics.ts';
import { runLoad } from '../wrk.ts';
import { type SuiteContext, sharedCores } from './suite.ts';

const connections = 64;
const sampleEveryMs = 100;
/** Of one call of wrk, which counts time and not requests. */
const loadSeconds = 5;
/** A connection costs its client more than a request. */
const requestsPerAddress = 20;
const addressesAtOnce = 64;

/** wrk's own Lua: a request for each call. */
const script = `
local n = 0
request = function()
  n = n + 1
  local address = string.format("10.%d.%d.%d", n / 65536 % 256, n / 256 % 256, n % 256)
  return string.format("GET /%d?n=%d HTTP/1.1\\r\\nHost: h%d.example.com\\r\\nX-Forwarded-For: %s\\r\\n\\r\\n", n, n, n, address)
end
`;

/** Measures one sidecar, case after case: what the first leaves behind burdens the last. */
export async function measureMemory(context: SuiteContext): Promise<readonly CaseResult[]> {
  const { stage, options } = context;
  const serves = placeApplication(stage, 'hello.py');
  const settings = ['trustedProxies: [127.0.0.1/32]'];
  const peer = await startVerified(
    {
      name: subjectName,
      start: (setting) => startSidecar(setting, 'memory', daemonSite(serves), { settings }),
    },
    { stage, cores: sharedCores, serves },
    { path: '/', body: helloBody },
  );
  const [one, each, addresses] = memoryCases;
  const lua = stage.write('requests.lua', script);
  return [
    await watched(context, one, peer, () => load(context, peer, options.requests)),
    await watched(context, each, peer, () => load(context, peer, options.requests, lua)),
    await watched(context, addresses, peer, () =>
      visit(peer, Math.ceil(options.requests / requestsPerAddress)),
    ),
  ];
}

/** Growth is that of the middle value, from the second tenth of the time to the last. */
async function watched(
  context: SuiteContext,
  name: string,
  { child }: RunningPeer,
  work: () => Promise<Sample>,
): Promise<CaseResult> {
  context.tell(name);
  const resident: number[] = [];
  const timer = setInterval(() => resident.push(residentBytes(child.pid ?? 0) / 1024 ** 2), sampleEveryMs);
  try {
    const sample = await work();
    const tenth = Math.ceil(resident.length / 10);
    const sidecarGrowthMib = median(resident.slice(-tenth)) - median(resident.slice(tenth, 2 * tenth));
    const residentMib = Math.max(...resident);
    return { name, samples: new Map([[subjectName, [{ ...sample, residentMib, sidecarGrowthMib }]]]) };
  } finally {
    clearInterval(timer);
  }
}

async function load(
  { stage }: SuiteContext,
  { url }: RunningPeer,
  requests: number,
  lua?: string,
): Promise<Sample> {
  const made = lua === undefined ? {} : { script: lua };
  const sum = { requests: 0, errors: 0, seconds: 0 };
  while (sum.requests < requests) {
    const figures = await runLoad(stage, {
      url: `${url}/`,
      connections,
      seconds: loadSeconds,
      cores: sharedCores,
      ...made,
    });
    sum.requests += figures.requests;
    sum.errors += figures.errors;
    sum.seconds += loadSeconds;
  }
  return { requestsPerSecond: sum.requests / sum.seconds, errors: sum.errors };
}

/** One connection and one request from each of so many addresses of the loopback network. */
async function visit({ url }: RunningPeer, addresses: number): Promise<Sample> {
  const port = Number(new URL(url).port);
  const begin = performance.now();
  let errors = 0;
  for (let from = 0; from < addresses; from += addressesAtOnce) {
    const count = Math.min(addressesAtOnce, addresses - from);
    const calls = Array.from({ length: count }, (_, index) => call(port, from + index));
    for (const answered of await Promise.all(calls)) if (!answered) errors += 1;
    await endOfTurn();
  }
  return { requestsPerSecond: (addresses / (performance.now() - begin)) * 1000, errors };
}

/** Whether client `number` was answered with 200. */
async function call(port: number, number: number): Promise<boolean> {
  const localAddress = `127.1.${Math.floor(number / 250) % 250}.${(number % 250) + 1}`;
  const socket = connect({ port, host: '127.0.0.1', localAddress }).setEncoding('latin1');
  let answer = '';
  socket.on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await once(socket, 'close');
  return answer.startsWith('HTTP/1.1 200 ');
}
