/** (d) A first request to a group that has no process yet, against `python3 SCRIPT` importing the same application. */
import { helloBody, placeApplication } from '../apps.ts';
import { grantAll } from '../peers/apache.ts';
import { ask, type Peer, startVerified } from '../peers/peer.ts';
import { startSidecar } from '../peers/sidecar.ts';
import { subjectName } from '../reaches.ts';
import { runToEnd } from '../stage.ts';
import type { CaseResult, Sample } from '../statistics.ts';
import { interleave, type SuiteContext, sharedCores } from './suite.ts';

const applications = [
  { name: 'hello', file: 'hello.py' },
  { name: 'many imports', file: 'imports.py' },
];

/** Measures a small application and one that imports much of the standard library. */
export async function measureStart(context: SuiteContext): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { name, file } of applications) {
    const script = placeApplication(context.stage, file);
    const url = await startColdGroups(context, name, script);
    const sides = [
      { name: subjectName, measure: (round: number) => firstRequest(`${url}/cold${round}`) },
      { name: 'python3 SCRIPT', measure: () => runScript(context, script) },
    ];
    results.push(await interleave(context, name, sides, (side, round) => side.measure(round)));
  }
  return results;
}

/** One mount for each round, each a group of its own by `%{RESOURCE}`, and one more to see that the sidecar is up. */
async function startColdGroups(context: SuiteContext, name: string, script: string): Promise<string> {
  const { stage, options } = context;
  const last = options.rounds;
  const mounts = Array.from({ length: last + 1 }, (_, round) => `WSGIScriptAlias /cold${round} ${script}`);
  const peer: Peer = {
    name: subjectName,
    start: (setting) => startSidecar(setting, `start-${name.replaceAll(' ', '-')}`, [...mounts, ...grantAll]),
  };
  const setting = { stage, cores: sharedCores, serves: script };
  const { url } = await startVerified(peer, setting, { path: `/cold${last}`, body: helloBody });
  return url;
}

async function firstRequest(url: string): Promise<Sample> {
  const begin = performance.now();
  const answer = await ask(url);
  if (typeof answer === 'string' || answer.status !== 200 || answer.body !== helloBody) {
    throw new Error(`no answer from a cold group: ${JSON.stringify(answer)}`);
  }
  return { seconds: (performance.now() - begin) / 1000 };
}

async function runScript({ stage }: SuiteContext, script: string): Promise<Sample> {
  const begin = performance.now();
  await runToEnd(stage, {
    name: 'python3',
    command: ['/usr/bin/python3', script],
    cores: sharedCores,
    timeoutMs: 30_000,
  });
  return { seconds: (performance.now() - begin) / 1000 };
}
