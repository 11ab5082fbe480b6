import { describe, expect, it } from 'vitest';
import { BusyPoll } from '../../src/proxy/busy-poll.ts';

/** A loop that is turned by hand: each look takes 10 µs. */
class Loop {
  now = 0;
  looks = 0;
  #waiting: (() => void)[] = [];
  readonly poll: BusyPoll;

  constructor(cores: number) {
    this.poll = new BusyPoll({
      now: () => this.now,
      afterLook: (look) => void this.#waiting.push(look),
      cores,
    });
  }

  /** Lets time pass, and the poll look as often as it wants to. */
  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; this.now += 0.01) {
      for (const look of this.#waiting.splice(0)) {
        this.looks += 1;
        look();
      }
    }
  }

  /** So many requests, one after the other, each answered and followed by the next after so long. */
  serve(count: number, gapMs: number): void {
    for (let i = 0; i < count; i += 1) {
      this.poll.requestBegan(this.now);
      this.pass(gapMs);
      this.poll.heard(this.now);
      this.poll.requestEnded();
      this.pass(gapMs);
    }
  }
}

describe('BusyPoll', () => {
  it('looks for events while they come at once, and sleeps soon after the last', () => {
    const loop = new Loop(2);
    loop.serve(100, 0.1);
    expect(loop.poll.isLooking).toBe(true);
    loop.pass(1);
    expect(loop.poll.isLooking).toBe(false);
    const { looks } = loop;
    loop.pass(100);
    expect(loop.looks).toBe(looks);
  });

  it('sleeps for what takes its time', () => {
    const loop = new Loop(8);
    loop.serve(100, 1);
    expect(loop.looks).toBe(0);
  });

  it('gives up when answers become slow, and begins anew when they are fast again', () => {
    const loop = new Loop(2);
    loop.serve(100, 0.1);
    loop.serve(50, 1);
    expect(loop.poll.isLooking).toBe(false);
    const { looks } = loop;
    loop.serve(20, 1);
    expect(loop.looks).toBe(looks);
    loop.serve(100, 0.1);
    expect(loop.poll.isLooking).toBe(true);
  });

  it('leaves the cores to the processes when there are as many requests as cores', () => {
    const loop = new Loop(2);
    loop.serve(100, 0.1);
    expect(loop.poll.isLooking).toBe(true);
    loop.poll.requestBegan(loop.now);
    loop.poll.requestBegan(loop.now);
    loop.pass(0.02);
    expect(loop.poll.isLooking).toBe(false);
    loop.poll.requestEnded();
    loop.poll.requestEnded();
    loop.serve(2, 0.1);
    expect(loop.poll.isLooking).toBe(true);
  });

  it.each([
    ['on a machine with one core', 1, true],
    ['where it is not wanted', 2, false],
  ])('never looks %s', (_, cores, isWanted) => {
    const loop = new Loop(cores);
    loop.poll.isWanted = isWanted;
    loop.serve(100, 0.1);
    expect(loop.looks).toBe(0);
  });
});
