/** What every suite gets, and what the suites share: starting their peers and measuring them in turn. */
import type { BenchOptions } from '../options.ts';
import { type Expected, type Peer, type RunningPeer, startVerified } from '../peers/peer.ts';
import { cpuSeconds } from '../process-tree.ts';
import type { Stage } from '../stage.ts';
import type { CaseResult, Sample } from '../statistics.ts';
import { runLoad } from '../wrk.ts';

/** Every process of a whole server, the load included, shares these; more cores would favour servers of many processes. */
export const sharedCores = '0,1';

/** What is told to whom, and how often something is measured. */
type Context = Pick<SuiteContext, 'tell'> & { readonly options: Pick<BenchOptions, 'rounds'> };

export type SuiteContext = {
  readonly stage: Stage;
  readonly options: BenchOptions;
  /** Tells the person at the terminal what is going on. */
  readonly tell: (line: string) => void;
};

/** What the peers of a suite are given, and what they have to answer before anything is measured. */
export type Ground = { readonly cores: string; readonly serves: string; readonly expected: Expected };

/** Starts the peers that `--peers` leaves, one after the other. */
export async function startPeers(
  context: SuiteContext,
  peers: readonly Peer[],
  ground: Ground,
): Promise<readonly RunningPeer[]> {
  const running: RunningPeer[] = [];
  for (const peer of peers.filter(({ name }) => isChosen(name, context.options))) {
    running.push(await startVerified(peer, { stage: context.stage, ...ground }, ground.expected));
    context.tell(`${peer.name} answers`);
  }
  return running;
}

function isChosen(name: string, { peers }: BenchOptions): boolean {
  return peers.length === 0 || peers.some((start) => name.toLowerCase().startsWith(start.toLowerCase()));
}

/** Measures something of each peer once per round, in turn, beginning with another one in every round. */
export async function interleave<P extends { readonly name: string }>(
  { options: { rounds }, tell }: Context,
  name: string,
  peers: readonly P[],
  measure: (peer: P, round: number) => Promise<Sample>,
): Promise<CaseResult> {
  const samples = new Map<string, Sample[]>(peers.map((peer) => [peer.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    tell(`${name}, round ${round + 1} of ${rounds}`);
    const first = round % peers.length;
    for (const peer of [...peers.slice(first), ...peers.slice(0, first)]) {
      const sample = await measure(peer, round).catch((error: unknown) => {
        throw new Error(`${peer.name}, ${name}: ${error instanceof Error ? error.message : String(error)}`);
      });
      samples.get(peer.name)?.push(sample);
    }
  }
  return { name, samples };
}

/**
 * GET / of every peer over so many connections, after a moment in which pools grow and code is compiled. The load of a round is measured
 * second by second in rounds of their own: a virtual machine's cores go at half their speed for seconds at a time, and then hit all peers alike.
 */
export async function measureLoads(
  context: SuiteContext,
  peers: readonly RunningPeer[],
  load: { readonly connections: number; readonly cores: string },
): Promise<CaseResult> {
  const { stage, options, tell } = context;
  const warmUp = { ...load, connections: Math.max(load.connections, 16), seconds: 2 };
  for (const { name, url } of peers) {
    await runLoad(stage, { url: `${url}/`, ...warmUp }).catch((error: unknown) =>
      tell(`warming up ${name}: ${String(error)}`),
    );
  }
  const name = load.connections === 1 ? '1 connection' : `${load.connections} connections`;
  const pieces = { tell, options: { rounds: options.rounds * options.seconds } };
  return interleave(pieces, name, peers, async ({ url, pids }) => {
    const before = cpuSeconds(pids);
    const { requests, ...figures } = await runLoad(stage, { url: `${url}/`, seconds: 1, ...load });
    return { ...figures, cpuUs: ((cpuSeconds(pids) - before) / requests) * 1e6 };
  });
}
