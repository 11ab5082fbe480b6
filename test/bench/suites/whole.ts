/** (a) A hello application: the sidecar with its worker against whole servers, all on the same two cores. */
import { helloBody, placeApplication } from '../apps.ts';
import { apacheGunicorn, modWsgiDaemon, modWsgiEmbedded, passenger } from '../peers/apache.ts';
import { nginxGunicorn, nginxUwsgi } from '../peers/nginx.ts';
import type { Peer } from '../peers/peer.ts';
import { sidecar } from '../peers/sidecar.ts';
import type { CaseResult } from '../statistics.ts';
import { measureLoads, type SuiteContext, sharedCores, startPeers } from './suite.ts';

const peers: readonly Peer[] = [
  sidecar,
  modWsgiDaemon,
  modWsgiEmbedded,
  apacheGunicorn,
  nginxUwsgi,
  nginxGunicorn,
  passenger,
];

/** Measures 1, 16 and 64 connections. */
export async function measureWhole(context: SuiteContext): Promise<readonly CaseResult[]> {
  const running = await startPeers(context, peers, {
    cores: sharedCores,
    serves: placeApplication(context.stage, 'hello.py'),
    expected: { path: '/', body: helloBody },
  });
  const results: CaseResult[] = [];
  for (const connections of [1, 16, 64]) {
    results.push(await measureLoads(context, running, { connections, cores: sharedCores }));
  }
  return results;
}
