/** (g) Many groups: what declaring a thousand costs while none is used, and what five hundred wanted in one moment come to. */
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { helloBody, placeApplication } from '../apps.ts';
import { grantAll } from '../peers/apache.ts';
import { ask, type StartedPeer, startVerified } from '../peers/peer.ts';
import { startSidecar } from '../peers/sidecar.ts';
import { residentBytes } from '../process-tree.ts';
import { subjectName } from '../reaches.ts';
import { tailOf } from '../stage.ts';
import type { CaseResult, Sample } from '../statistics.ts';
import { interleave, type SuiteContext, sharedCores } from './suite.ts';

const DECLARED = 1000;
const WANTED = 500;
const MIB = 1024 * 1024;

/** Longer than any request may wait by the sidecar's own limits. */
const PATIENCE_MS = 300_000;

/** Measures both. */
export async function measureMany(context: SuiteContext): Promise<readonly CaseResult[]> {
  const script = placeApplication(context.stage, 'hello.py');
  return [await measureDeclared(context, script), await measureRush(context, script)];
}

/** Each mount is a group of its own by `%{RESOURCE}`. */
function mounts(count: number, script: string): readonly string[] {
  return [
    'WSGIApplicationGroup %{RESOURCE}',
    ...Array.from({ length: count }, (_, at) => `WSGIScriptAlias /m${at} ${script}`),
    ...grantAll,
  ];
}

async function measureDeclared(context: SuiteContext, script: string): Promise<CaseResult> {
  const sides = [
    { name: subjectName, count: DECLARED },
    { name: '1 group', count: 1 },
  ];
  return interleave(context, `${DECLARED} declared groups`, sides, async ({ name, count }, round) => {
    const begin = performance.now();
    const started = await startSidecar(
      { stage: context.stage, cores: sharedCores },
      `declared-${name.replaceAll(' ', '-')}-${round}`,
      mounts(count, script),
      { settings: [`maxGroups: ${DECLARED + 1}`] },
    );
    await untilItRefuses(started);
    const seconds = (performance.now() - begin) / 1000;
    const residentMib = residentBytes(started.child.pid ?? 0) / MIB;
    started.child.kill('SIGTERM');
    return { seconds, residentMib };
  });
}

/** A path of no mount is answered without any group. */
async function untilItRefuses({ url, child, logPath }: StartedPeer): Promise<void> {
  while (child.exitCode === null) {
    const answer = await ask(`${url}/nothing`);
    if (typeof answer !== 'string') return;
    await delay(5);
  }
  throw new Error(`the sidecar ended before it answered:\n${tailOf(logPath)}`);
}

/** One request to each of so many cold groups in one moment, and requests to a warm one all the while. */
async function measureRush(context: SuiteContext, script: string): Promise<CaseResult> {
  const { stage, tell } = context;
  const samples = new Map<string, Sample[]>();
  for (const { name, cap } of [
    { name: subjectName, cap: 256 },
    { name: 'maxProcesses 600', cap: 600 },
  ]) {
    const lines = mounts(WANTED + 1, script);
    const settings = [`maxGroups: ${WANTED + 2}`, `maxProcesses: ${cap}`];
    const start = (): Promise<StartedPeer> =>
      startSidecar({ stage, cores: sharedCores }, `rush-${cap}`, lines, { settings });
    const warm = { path: `/m${WANTED}`, body: helloBody };
    const { url, child } = await startVerified(
      { name, start },
      { stage, cores: sharedCores, serves: script },
      warm,
    );
    tell(`${name}: ${WANTED} groups are wanted`);
    samples.set(name, [await rush(url, child.pid ?? 0)]);
    child.kill('SIGTERM');
    await Promise.race([new Promise((resolve) => child.once('exit', resolve)), delay(60_000)]);
  }
  return { name: `${WANTED} groups at once`, samples };
}

async function rush(url: string, pid: number): Promise<Sample> {
  const begin = performance.now();
  const before = residentBytes(pid) / MIB;
  let isOver = false;
  let failures = 0;
  const neighbours: number[] = [];
  const neighbour = (async () => {
    while (!isOver) {
      const { status, ms } = await timed(`${url}/m${WANTED}`);
      if (status !== 200) failures += 1;
      neighbours.push(ms);
      await delay(5);
    }
  })();
  const answers = await Promise.all(Array.from({ length: WANTED }, (_, at) => timed(`${url}/m${at}`)));
  isOver = true;
  await neighbour;
  const refused = answers.filter(({ status }) => status === 503).length;
  const answered = answers.filter(({ status }) => status === 200).length;
  neighbours.sort((one, other) => one - other);
  const at = (share: number): number => neighbours[Math.floor(neighbours.length * share)] ?? Number.NaN;
  return {
    seconds: (performance.now() - begin) / 1000,
    refused,
    errors: WANTED - refused - answered + failures,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    residentMib: residentBytes(pid) / MIB,
    sidecarGrowthMib: residentBytes(pid) / MIB - before,
  };
}

/** Status 0 is no answer, and a 503 counts only with the time after which to come back. */
function timed(url: string): Promise<{ readonly status: number; readonly ms: number }> {
  const begin = performance.now();
  return new Promise((resolve) => {
    const end = (status: number): void => resolve({ status, ms: performance.now() - begin });
    const request = get(url, { agent: false, timeout: PATIENCE_MS }, (response) => {
      const status = response.statusCode ?? 0;
      const isExplained = status !== 503 || response.headers['retry-after'] !== undefined;
      response.on('error', () => end(0)).on('end', () => end(isExplained ? status : 0));
      response.resume();
    });
    request.on('timeout', () => request.destroy()).on('error', () => end(0));
  });
}
