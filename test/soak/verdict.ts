/** What is asked, what has to come back, and what becomes of each request. */
import { createHash } from 'node:crypto';

export const requestKinds = ['small', 'streamed', 'upload', 'slow'] as const;

export type RequestKind = (typeof requestKinds)[number];

/** One request; its number is in no other one. */
export type Order = {
  readonly number: number;
  readonly group: string;
  readonly kind: RequestKind;
  /** Of an upload. */
  readonly body?: Buffer;
};

/** How it ended for the client. */
export type Ending =
  | {
      readonly kind: 'whole';
      readonly status: number;
      readonly text: string;
      readonly pid?: number;
      readonly version?: number;
    }
  | { readonly kind: 'broken'; readonly problem: string }
  | { readonly kind: 'hung' };

/** `failed` is explained or lost: that is judged when the log has told who had it. */
export type Verdict = 'right' | 'wrong' | 'failed' | 'hung';

export type Outcome = {
  readonly order: Order;
  readonly ending: Ending;
  readonly verdict: Verdict;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
};

export function makeOrder(number: number, group: string, random: () => number): Order {
  const chance = random();
  const kind = chance < 0.55 ? 'small' : chance < 0.7 ? 'streamed' : chance < 0.85 ? 'upload' : 'slow';
  if (kind !== 'upload') return { number, group, kind };
  const body = Buffer.alloc(1 + Math.floor(random() * 200_000), `${number} `);
  return { number, group, kind, body };
}

/** A whole answer of 200 with another text than the application's for this number is worse than none. */
export function judge(order: Order, ending: Ending): Verdict {
  if (ending.kind === 'hung') return 'hung';
  if (ending.kind === 'broken' || ending.status !== 200) return 'failed';
  return ending.text === expectedText(order) ? 'right' : 'wrong';
}

function expectedText({ number, kind, body }: Order): string {
  if (kind === 'streamed') return Array.from({ length: 20 }, (_, index) => `${number} ${index}\n`).join('');
  if (kind !== 'upload' || body === undefined) return String(number);
  return `${number} ${body.length} ${createHash('sha256').update(body).digest('hex')}`;
}
