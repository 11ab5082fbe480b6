/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';

/** The parts of the benchmark, in the order in which they run. */
export const suiteNames = ['whole', 'proxy', 'bodies', 'start', 'fair', 'cost', 'memory', 'many'] as const;

export type SuiteName = (typeof suiteNames)[number];

export type BenchOptions = {
  readonly suites: readonly SuiteName[];
  /** Whether the result goes to standard output as JSON instead of tables. */
  readonly json: boolean;
  /** Interleaved rounds; the result is the median over them. */
  readonly rounds: number;
  /** How long the load runs for one round, against one peer; in pieces of one second, so that there are as many rounds more. */
  readonly seconds: number;
  /** How many requests each case of `memory` has. */
  readonly requests: number;
  /** Names of peers to measure; empty means every peer. */
  readonly peers: readonly string[];
  /** Whether missing Debian packages may be installed without asking. */
  readonly install: boolean;
};

export const usage: string = `Usage: npm run bench -- [options]

  --only SUITE[,SUITE]  ${suiteNames.join(' | ')} (default: all)
  --peers NAME[,NAME]   measure only these peers, by the beginning of their names
  --rounds N            interleaved rounds (default 5)
  --seconds N           load per round and peer (default 3), in pieces of one second with the peers in turn
  --requests N          requests of each case of memory (default 1000000)
  --install             install missing Debian packages
  --json                print JSON; it is written to test/bench/results/ in any case
`;

/** The options that `argv` asks for; throws with a message for the person who typed them. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      peers: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      requests: { type: 'string', default: '1000000' },
      install: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    suites: chosenSuites(splitList(values.only)),
    json: values.json,
    rounds: positiveInteger('--rounds', values.rounds),
    seconds: positiveInteger('--seconds', values.seconds),
    requests: positiveInteger('--requests', values.requests),
    peers: splitList(values.peers),
    install: values.install,
  };
}

function chosenSuites(names: readonly string[]): readonly SuiteName[] {
  const unknown = names.find((name) => !suiteNames.some((suite) => suite === name));
  if (unknown !== undefined) {
    throw new Error(`Unknown suite "${unknown}": use one of ${suiteNames.join(', ')}`);
  }
  return names.length === 0 ? suiteNames : suiteNames.filter((suite) => names.includes(suite));
}

function splitList(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => value.split(',')).filter((value) => value !== '');
}

function positiveInteger(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`${option} wants a whole number above 0, not "${text}"`);
  }
  return value;
}
