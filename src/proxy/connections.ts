/** The connections of clients, counted over all listeners: who may have one more (setting `limits`). */
import type { Socket } from 'node:net';
import type { ConnectionRule } from './client-error.ts';
import type { FrontLimits } from './limits.ts';
import { plainAddress, type TrustList } from './peer.ts';
import { REFUSED_ADDRESS, REFUSED_CONNECTION } from './rules.ts';

/** A flood is told now and then, and counted always. */
const TELL_EVERY_MS = 10_000;

/** Lives as long as the sidecar, over reloads. */
export class Connections {
  readonly #byAddress = new Map<string, number>();
  /** One that is read anew after an upgrade is told twice. */
  readonly #known = new WeakSet<Socket>();
  #count = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** Connections that are open, those that were refused included until they are gone. */
  get count(): number {
    return this.#count;
  }

  /** Counts a connection until its end; the rule where there are too many of them. Fronts may have as many as there are. */
  open(
    socket: Socket,
    { limits, trust }: { readonly limits: FrontLimits; readonly trust: TrustList },
  ): ConnectionRule | undefined {
    if (this.#known.has(socket)) return undefined;
    this.#known.add(socket);
    const remoteAddress = plainAddress(socket.remoteAddress);
    this.#count += 1;
    const isCounted = remoteAddress !== '' && !trust.has(remoteAddress);
    const ofAddress = isCounted ? this.#add(remoteAddress, 1) : 0;
    socket.once('close', () => {
      this.#count -= 1;
      if (isCounted) this.#add(remoteAddress, -1);
    });
    if (isOver(this.#count, limits.connections)) return this.#refused(REFUSED_CONNECTION);
    if (isOver(ofAddress, limits.connectionsPerAddress)) return this.#refused(REFUSED_ADDRESS);
    return undefined;
  }

  #refused(rule: ConnectionRule): ConnectionRule {
    const isTold = performance.now() - this.#toldAt < TELL_EVERY_MS;
    if (!isTold) this.#toldAt = performance.now();
    return { ...rule, isTold };
  }

  #add(address: string, more: number): number {
    const count = (this.#byAddress.get(address) ?? 0) + more;
    if (count === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, count);
    return count;
  }
}

function isOver(count: number, limit: number): boolean {
  return limit > 0 && count > limit;
}
