/** (b) Proxies alone: each on core 0, the load and a static upstream on core 1. */
import { apacheProxy } from '../peers/apache.ts';
import { nginxProxy } from '../peers/nginx.ts';
import { type Peer, startVerified } from '../peers/peer.ts';
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
import { runLoad } from '../wrk.ts';
import { chosenPeers, interleave, type SuiteContext, warmUp } from './suite.ts';

const proxyCore = '0';
const loadCore = '1';
const connections = 64;

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
  const { stage, options } = context;
  const serves = await startStaticUpstream(stage, loadCore);
  const urls = new Map<string, string>();
  for (const peer of chosenPeers(peers, context)) {
    const setting = { stage, cores: proxyCore, serves };
    const { url } = await startVerified(peer, setting, { path: '/', body: staticBody });
    urls.set(peer.name, url);
    context.tell(`${peer.name} answers`);
  }
  const load = (url: string, seconds: number) =>
    runLoad(stage, { url: `${url}/`, connections, seconds, cores: loadCore });
  await warmUp(context, urls, load);
  const name = `${connections} connections`;
  return [
    await interleave(context, name, [...urls.keys()], (peer) => load(urls.get(peer) ?? '', options.seconds)),
  ];
}
