/** The command line of `npm run soak`. */
import { parseArgs } from 'node:util';

/** What can happen to a sidecar while it serves; `kill` and `freeze` take the answers of a process with them. */
export const eventKinds = [
  'deploy',
  'broken deploy',
  'restart',
  'reload',
  'configuration',
  'upgrade',
  'kill',
  'freeze',
] as const;

export type EventKind = (typeof eventKinds)[number];

const KILLS: readonly EventKind[] = ['kill', 'freeze'];

export type SoakOptions = {
  /** How long the load runs. */
  readonly seconds: number;
  /** Whether the result goes to standard output as JSON instead of a table. */
  readonly json: boolean;
  readonly kinds: readonly EventKind[];
  /** Decides which event comes when, and to which group. */
  readonly seed: number;
};

export const usage: string = `Usage: npm run soak -- [options]

  --seconds N           how long the load runs (default 600)
  --no-kills            nothing that takes a request with it: every answer has to be right
  --only KIND[,KIND]    ${eventKinds.join(' | ')} (default: all)
  --seed N              repeats the order of events of another run
  --json                print {sent, right, explained, lost, wrong, hung, orphans, p99} and the events

Exit status 1 where a request was lost, wrong or hung, an event failed or a process was left; 2 where the run itself failed.
`;

/** The options that `argv` asks for; throws with a message for the person who typed them. */
export function parseOptions(argv: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: 'string', default: '600' },
      'no-kills': { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      json: { type: 'boolean', default: false },
    },
  });
  const chosen = chosenKinds(values.only.flatMap((value) => value.split(',')));
  return {
    seconds: wholeNumber('--seconds', values.seconds),
    json: values.json,
    kinds: values['no-kills'] ? chosen.filter((kind) => !KILLS.includes(kind)) : chosen,
    seed: wholeNumber('--seed', values.seed),
  };
}

function chosenKinds(names: readonly string[]): readonly EventKind[] {
  const unknown = names.find((name) => !eventKinds.some((kind) => kind === name));
  if (unknown !== undefined)
    throw new Error(`There is no event "${unknown}": use one of ${eventKinds.join(', ')}`);
  return names.length === 0 ? eventKinds : eventKinds.filter((kind) => names.includes(kind));
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${option} wants a whole number above 0, not "${text}"`);
  return value;
}
