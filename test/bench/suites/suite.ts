/** What every suite gets, and the interleaving of peers that all of them use. */
import type { BenchOptions } from '../options.ts';
import type { Peer } from '../peers/peer.ts';
import type { Stage } from '../stage.ts';
import type { CaseResult, Sample } from '../statistics.ts';

export type SuiteContext = {
  readonly stage: Stage;
  readonly options: BenchOptions;
  /** Tells the person at the terminal what is going on. */
  readonly tell: (line: string) => void;
};

/** Measures each named peer once per round, in turn, beginning with another one in every round. */
export async function interleave(
  context: SuiteContext,
  name: string,
  peers: readonly string[],
  measure: (peer: string, round: number) => Promise<Sample>,
): Promise<CaseResult> {
  const samples = new Map<string, Sample[]>(peers.map((peer) => [peer, []]));
  for (let round = 0; round < context.options.rounds; round += 1) {
    context.tell(`${name}, round ${round + 1} of ${context.options.rounds}`);
    for (const peer of [...peers.slice(round % peers.length), ...peers.slice(0, round % peers.length)]) {
      const sample = await measure(peer, round).catch((error: unknown) => {
        throw new Error(`${peer}, ${name}: ${error instanceof Error ? error.message : String(error)}`);
      });
      samples.get(peer)?.push(sample);
    }
  }
  return { name, samples };
}

/** The peers that `--peers` leaves. */
export function chosenPeers(peers: readonly Peer[], { options }: SuiteContext): readonly Peer[] {
  if (options.peers.length === 0) return peers;
  const isChosen = (name: string): boolean =>
    options.peers.some((start) => name.toLowerCase().startsWith(start.toLowerCase()));
  return peers.filter(({ name }) => isChosen(name));
}

/** Loads each address for a moment, so that no first round pays for growing pools and compilation. */
export async function warmUp(
  { tell }: SuiteContext,
  urls: ReadonlyMap<string, string>,
  load: (url: string, seconds: number) => Promise<Sample>,
): Promise<void> {
  for (const [peer, url] of urls) {
    await load(url, 1).catch((error: unknown) => tell(`warming up ${peer}: ${String(error)}`));
  }
}
