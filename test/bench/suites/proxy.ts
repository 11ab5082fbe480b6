/** (b) Proxies alone: each on core 0, the load and a static upstream on core 1. */
import { apacheProxy } from '../peers/apache.ts';
import { nginxProxy } from '../peers/nginx.ts';
import type { Peer } from '../peers/peer.ts';
import {
  bareNode,
  caddyProxy,
  haproxyProxy,
  plainHttpProxy,
  sidecarFront,
  startStaticUpstream,
  staticBody,
} from '../peers/proxies.ts';
import type { CaseResult } from '../statistics.ts';
import { measureLoads, type SuiteContext, startPeers } from './suite.ts';

const proxyCore = '0';
const loadCore = '1';

const peers: readonly Peer[] = [
  sidecarFront,
  plainHttpProxy,
  bareNode,
  apacheProxy,
  caddyProxy,
  nginxProxy,
  haproxyProxy,
];

/** Measures 64 connections. */
export async function measureProxy(context: SuiteContext): Promise<readonly CaseResult[]> {
  const running = await startPeers(context, peers, {
    cores: proxyCore,
    serves: await startStaticUpstream(context.stage, loadCore),
    expected: { path: '/', body: staticBody },
  });
  return [await measureLoads(context, running, { connections: 64, cores: loadCore })];
}
