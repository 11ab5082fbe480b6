/** (d) A first request to a group that has no process yet, against `python3 SCRIPT` importing the same application. */
import { ask, type Peer, startVerified } from '../peers/peer.ts';
import { startSidecar } from '../peers/sidecar.ts';
import { subjectName } from '../reaches.ts';
import { runToEnd } from '../stage.ts';
import type { CaseResult, Sample } from '../statistics.ts';
import { interleave, type SuiteContext } from './suite.ts';
import { helloBody, placeApplication, wholeCores } from './whole.ts';

const python = 'python3 SCRIPT';

/** Measures a small application and one that imports much of the standard library. */
export async function measureStart(context: SuiteContext): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const [name, file] of [
    ['hello', 'hello.py'],
    ['many imports', 'imports.py'],
  ] as const) {
    const script = placeApplication(context.stage, file);
    const coldUrl = await startColdGroups(context, name, script);
    results.push(
      await interleave(context, name, [subjectName, python], (peer, round) =>
        peer === subjectName ? firstRequest(`${coldUrl}/cold${round}`) : runScript(context, script),
      ),
    );
  }
  return results;
}

/** One mount for each round, each a group of its own by `%{RESOURCE}`, and one more to see that the sidecar is up. */
async function startColdGroups(context: SuiteContext, name: string, script: string): Promise<string> {
  const { stage, options } = context;
  const mounts = Array.from({ length: options.rounds + 1 }, (_, round) => `/cold${round}`);
  const peer: Peer = {
    name: subjectName,
    start: (setting) =>
      startSidecar(setting, `sidecar-start-${name.replaceAll(' ', '-')}`, [
        ...mounts.map((mount) => `WSGIScriptAlias ${mount} ${script}`),
        '<Directory />',
        'Require all granted',
        '</Directory>',
      ]),
  };
  const setting = { stage, cores: wholeCores, serves: script };
  const { url } = await startVerified(peer, setting, { path: `/cold${options.rounds}`, body: helloBody });
  return url;
}

async function firstRequest(url: string): Promise<Sample> {
  const begin = performance.now();
  const answer = await ask(url);
  if (typeof answer === 'string' || answer.status !== 200 || answer.body !== helloBody) {
    throw new Error(`The first request to a cold group failed: ${JSON.stringify(answer)}`);
  }
  return { seconds: (performance.now() - begin) / 1000 };
}

async function runScript({ stage }: SuiteContext, script: string): Promise<Sample> {
  const begin = performance.now();
  await runToEnd(stage, {
    name: python,
    command: ['/usr/bin/python3', script],
    cores: wholeCores,
    timeoutMs: 30_000,
  });
  return { seconds: (performance.now() - begin) / 1000 };
}
