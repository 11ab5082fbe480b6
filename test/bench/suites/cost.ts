/** (f) What watching costs: the sidecar with its metrics and its access log (as `sidecar`), and without either. */
import { helloBody, placeApplication } from '../apps.ts';
import { daemonSite } from '../peers/apache.ts';
import type { Peer } from '../peers/peer.ts';
import { startSidecar } from '../peers/sidecar.ts';
import { subjectName, unwatchedName } from '../reaches.ts';
import type { CaseResult } from '../statistics.ts';
import { measureLoads, type SuiteContext, sharedCores, startPeers } from './suite.ts';

const peers: readonly Peer[] = [
  {
    name: subjectName,
    start: (setting) =>
      startSidecar(setting, 'logging', daemonSite(setting.serves), { settings: ['log: {access: true}'] }),
  },
  {
    name: 'without access log',
    start: (setting) => startSidecar(setting, 'silent', daemonSite(setting.serves)),
  },
  {
    name: unwatchedName,
    start: (setting) =>
      startSidecar(setting, 'unwatched', daemonSite(setting.serves), {
        program: 'test/bench/servers/unwatched.js',
      }),
  },
];

/** Measures 64 connections. */
export async function measureCost(context: SuiteContext): Promise<readonly CaseResult[]> {
  const running = await startPeers(context, peers, {
    cores: sharedCores,
    serves: placeApplication(context.stage, 'hello.py'),
    expected: { path: '/', body: helloBody },
  });
  return [await measureLoads(context, running, { connections: 64, cores: sharedCores })];
}
