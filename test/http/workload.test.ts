/** Whole connections: requests of any kind, cut anywhere, to handlers of any manners; every answer comes, in turn and whole. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { fc, runs } from '../support/property.ts';
import { CUTS, cutUp } from './heads.ts';
import { frame, openClient, openStage, type Turn, turns } from './stage.ts';

const MANNERS = [
  'reads',
  'reads late',
  'reads by turns',
  'answers first',
  'ignores',
  'gives up',
  'frames late',
] as const;
type Manners = (typeof MANNERS)[number];

type Order = {
  readonly manners: Manners;
  /** Bytes of the body; 0 for none. */
  readonly size: number;
  readonly chunk: number;
  readonly answer: number;
  readonly isChunked: boolean;
};

const order: fc.Arbitrary<Order> = fc.record({
  manners: fc.constantFrom(...MANNERS),
  size: fc.oneof(fc.constant(0), fc.nat({ max: 100 }), fc.nat({ max: 120_000 })),
  chunk: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3_000 }), fc.constant(70_000)),
  answer: fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 200_000 })),
  isChunked: fc.boolean(),
});

/** No two bodies begin alike. */
const bodyOf = (i: number, size: number): string => `${i}:`.repeat(Math.ceil(size / 2)).slice(0, size);

function wireOf({ manners, size, chunk }: Order, i: number): string {
  const body = bodyOf(i, size);
  const start = `POST /${i}/${manners.replaceAll(' ', '-')} HTTP/1.1\r\n`;
  if (chunk === 0) return `${start}Content-Length: ${size}\r\n\r\n${body}`;
  let wire = `${start}Transfer-Encoding: chunked\r\n\r\n`;
  for (let at = 0; at < size; at += chunk) {
    const piece = body.slice(at, at + chunk);
    wire += `${piece.length.toString(16)}${at === 0 ? ';a=b' : ''}\r\n${piece}\r\n`;
  }
  return `${wire}0\r\n\r\n`;
}

/** What a handler got of its body, unless it did not care. */
async function serve(
  { request, response }: Turn,
  { manners, answer, isChunked }: Order,
): Promise<string | undefined> {
  if (manners === 'frames late') await turns(3);
  frame(request);
  const { body } = request;
  let got = '';
  const read = async (): Promise<void> => {
    for await (const piece of body ?? []) {
      got += (piece as Buffer).toString('latin1');
      if (manners === 'reads by turns') await turns(1);
    }
  };
  if (manners === 'reads late') await turns(5);
  if (manners === 'gives up') body?.destroy();
  if (manners === 'answers first') queueMicrotask(() => body?.resume());
  const isRead = manners.startsWith('reads') || manners === 'frames late';
  if (isRead) await read();
  const bytes = Buffer.alloc(answer, 'a');
  response.writeHead(200, 'OK', isChunked ? [] : ['Content-Length', String(answer)]);
  if (isChunked) {
    for (let at = 0; at < answer; at += 30_000)
      if (!response.write(bytes.subarray(at, at + 30_000))) await once(response, 'drain');
    response.end();
  } else response.end(bytes);
  return isRead ? got : undefined;
}

/** Statuses and bodies of answers, one behind the other. */
function answersOf(text: string): string[] {
  const answers: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n\r\n', at) + 4;
    const head = text.slice(at, end);
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    let body = '';
    if (length !== undefined) {
      body = text.slice(end, end + Number(length));
      at = end + Number(length);
    } else {
      at = end;
      for (let size = -1; size !== 0; ) {
        const line = text.slice(at, text.indexOf('\r\n', at));
        size = Number.parseInt(line, 16);
        body += text.slice(at + line.length + 2, at + line.length + 2 + size);
        at += line.length + 2 + size + 2;
      }
    }
    answers.push(`${head.slice(0, 12)} ${body.length}`);
  }
  return answers;
}

describe('a connection', () => {
  it('answers every request whole and in turn, whoever reads what of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(order, { minLength: 1, maxLength: 6 }), CUTS, async (orders, cuts) => {
        const served: Promise<string | undefined>[] = [];
        const stage = await openStage((turn) => {
          const i = served.length;
          turn.response.isLast = i === orders.length - 1;
          served.push(serve(turn, orders[i] as Order));
        });
        const client = openClient(stage);
        const wire = orders.map(wireOf).join('');
        for (const piece of cuts.length === 0 ? [Buffer.from(wire)] : cutUp(wire, cuts)) {
          client.write(piece);
          await turns(2);
        }
        expect(await client.ended).toBe('end');
        expect(answersOf(client.text())).toEqual(orders.map(({ answer }) => `HTTP/1.1 200 ${answer}`));
        const got = await Promise.all(served);
        for (const [i, { size }] of orders.entries())
          if (got[i] !== undefined) expect(got[i] === bodyOf(i, size)).toBe(true);
        expect(stage.told.filter((line) => line.startsWith('request'))).toHaveLength(orders.length);
        client.socket.destroy();
      }),
      runs(60),
    );
  });
});
