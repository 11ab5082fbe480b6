/** (a) A hello application: the sidecar with its worker against whole servers, all on the same two cores. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../src/package-root.ts';
import { apacheGunicorn, modWsgiDaemon, modWsgiEmbedded, passenger } from '../peers/apache.ts';
import { nginxGunicorn, nginxUwsgi } from '../peers/nginx.ts';
import { type Peer, startVerified } from '../peers/peer.ts';
import { sidecar } from '../peers/sidecar.ts';
import type { Stage } from '../stage.ts';
import type { CaseResult } from '../statistics.ts';
import { runLoad } from '../wrk.ts';
import { chosenPeers, interleave, type SuiteContext, warmUp } from './suite.ts';

/** Every process, the load included, shares these; a machine with more cores would favour servers of many processes. */
export const wholeCores = '0,1';

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
  const { stage, options } = context;
  const serves = placeApplication(stage, 'hello.py');
  const urls = new Map<string, string>();
  for (const peer of chosenPeers(peers, context)) {
    const setting = { stage, cores: wholeCores, serves };
    const { url } = await startVerified(peer, setting, { path: '/', body: helloBody });
    urls.set(peer.name, url);
    context.tell(`${peer.name} answers`);
  }
  const results: CaseResult[] = [];
  for (const connections of [1, 16, 64]) {
    const load = (url: string, seconds: number) =>
      runLoad(stage, { url: `${url}/`, connections, seconds, cores: wholeCores });
    await warmUp(context, urls, load);
    const name = connections === 1 ? '1 connection' : `${connections} connections`;
    results.push(
      await interleave(context, name, [...urls.keys()], (peer) =>
        load(urls.get(peer) ?? '', options.seconds),
      ),
    );
  }
  return results;
}

/** What `hello.py` answers. */
export const helloBody = 'Hello from a WSGI application\n';

/** Copies an application of `test/bench/apps` to where Apache's user can read it, and returns its path. */
export function placeApplication(stage: Stage, name: string): string {
  const source = join(packageRoot(), 'test', 'bench', 'apps', name);
  return stage.write(join('apps', name), readFileSync(source, 'utf8'));
}
