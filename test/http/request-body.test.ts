import { describe, expect, it } from 'vitest';
import { ClientBody } from '../../src/http/request-body.ts';
import { fc, runs } from '../support/property.ts';
import { CUTS, cutUp } from './heads.ts';

const CHUNKED = { kind: 'chunked' } as const;
const ofLength = (length: number): { kind: 'length'; length: number } => ({ kind: 'length', length });

/** A body whose reader is told of, and what it has emitted. */
function bodyOf(framing: typeof CHUNKED | ReturnType<typeof ofLength>): {
  readonly body: ClientBody;
  readonly emitted: string[];
  wanted: number;
} {
  const watched = {
    body: new ClientBody(framing, () => (watched.wanted += 1)),
    emitted: [] as string[],
    wanted: 0,
  };
  for (const name of ['end', 'close', 'error']) watched.body.on(name, () => watched.emitted.push(name));
  return watched;
}

const textOf = async (body: ClientBody): Promise<string> => {
  let text = '';
  for await (const piece of body) text += (piece as Buffer).toString('latin1');
  return text;
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ClientBody', () => {
  it('is its own bytes however they come, and leaves those behind them', async () => {
    const bodies = fc.string({ minLength: 1, maxLength: 60, unit: fc.constantFrom('a', '0', '\r\n', ';') });
    await fc.assert(
      fc.asyncProperty(bodies, fc.boolean(), CUTS, async (text, isChunked, cuts) => {
        const behind = 'GET / HTTP/1.1\r\n\r\n';
        const wire = isChunked ? `${text.length.toString(16)};a=b\r\n${text}\r\n0\r\nX: y\r\n\r\n` : text;
        const { body, emitted } = bodyOf(isChunked ? CHUNKED : ofLength(text.length));
        let left = '';
        for (const piece of cutUp(wire + behind, cuts)) {
          const count = body.isComplete ? 0 : body.receive(piece).count;
          left += piece.toString('latin1', count);
        }
        expect(left).toBe(behind);
        expect(body.isComplete).toBe(true);
        expect(await textOf(body)).toBe(text);
        expect(emitted[0]).toBe('end');
      }),
      runs(200),
    );
  });

  it('wants no more than 16 KiB before somebody reads, and says when it wants more', async () => {
    const watched = bodyOf(ofLength(100_000));
    const { body } = watched;
    body.receive(Buffer.alloc(16_383));
    expect(body.isWanted).toBe(true);
    body.receive(Buffer.alloc(1));
    expect(body.isWanted).toBe(false);
    expect(watched.wanted).toBe(0);
    body.read();
    await turn();
    expect(body.isWanted).toBe(true);
    expect(watched.wanted).toBe(1);
    body.receive(Buffer.alloc(50_000));
    expect(body.isWanted).toBe(false);
  });

  it('asks for more whenever it was full, whoever reads it in whatever way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('data', 'readable', 'iterator', 'late data'),
        fc.nat({ max: 40_000 }),
        async (way, size) => {
          const total = 300_000;
          let left = total;
          const feed = (): void => {
            while (left > 0 && body.isWanted) {
              const length = Math.min(left, size + 1);
              left -= length;
              body.receive(Buffer.alloc(length));
            }
          };
          const body = new ClientBody(ofLength(total), feed);
          feed();
          let got = 0;
          if (way === 'iterator') for await (const piece of body) got += (piece as Buffer).length;
          else {
            if (way === 'late data') await turn();
            if (way === 'readable')
              body.on('readable', () => (got += (body.read() as Buffer | null)?.length ?? 0));
            else body.on('data', (piece: Buffer) => (got += piece.length));
            await new Promise((resolve) => body.once('end', resolve));
          }
          expect(got).toBe(total);
        },
      ),
      runs(30),
    );
  });

  it('throws away what comes once nobody wants it, and still finds its end', async () => {
    for (const framing of [CHUNKED, ofLength(50_006)]) {
      const { body, emitted } = bodyOf(framing);
      const wire =
        framing.kind === 'chunked' ? `c356\r\n${'x'.repeat(50_006)}\r\n0\r\n\r\n` : 'x'.repeat(50_006);
      body.receive(Buffer.from(wire.slice(0, 30_000)));
      expect(body.isWanted).toBe(false);
      const ahead = body.readableLength;
      body.dump();
      expect(body.isWanted).toBe(true);
      expect(body.receive(Buffer.from(`${wire.slice(30_000)}GET`)).count).toBe(wire.length - 30_000);
      expect(body.isComplete).toBe(true);
      expect(body.readableLength).toBe(ahead);
      await turn();
      expect(emitted).toEqual([]);
    }
  });

  it('keeps nothing of what comes when its reader has gone', () => {
    const { body } = bodyOf(ofLength(50_000));
    body.destroy();
    expect(body.receive(Buffer.alloc(50_001)).count).toBe(50_000);
    expect(body.isComplete).toBe(true);
    expect(body.readableLength).toBe(0);
  });

  it('is not whole where its chunks are none, whatever comes behind them', async () => {
    const { body, emitted } = bodyOf(CHUNKED);
    body.resume();
    expect(body.receive(Buffer.from('5\r\nhello\r\n')).fault).toBeUndefined();
    expect(body.receive(Buffer.from('5\nworld')).fault?.code).toBe('chunk');
    await turn();
    expect(body.isComplete).toBe(false);
    expect(emitted).toEqual([]);
  });
});
