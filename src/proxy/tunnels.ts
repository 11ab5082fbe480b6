/** The WebSocket connections of one listener. */
import type { Tunnel } from './tunnel.ts';

export class Tunnels {
  readonly #open = new Set<Tunnel>();
  #isLeaving = false;

  /** Whether there are as many as may be; 0 is no limit. */
  isFull(limit: number): boolean {
    return limit > 0 && this.#open.size >= limit;
  }

  /** Keeps a tunnel until it ends; one that comes late is asked to leave at once. */
  add(tunnel: Tunnel): void {
    this.#open.add(tunnel);
    tunnel.ended(() => this.#open.delete(tunnel));
    if (this.#isLeaving) tunnel.leave();
  }

  /** The listener ends: all are asked to leave. */
  leave(): void {
    this.#isLeaving = true;
    for (const tunnel of this.#open) tunnel.leave();
  }
}
