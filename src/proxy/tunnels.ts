/** The WebSocket connections of one listener, and of each group; each counts from its handshake to the end of its client's connection. */
import type { Socket } from 'node:net';
import type { GroupKey } from '../routing/group-key.ts';
import type { Tunnel } from './tunnel.ts';

export class Tunnels {
  readonly #open = new Set<Tunnel>();
  #count = 0;
  #isLeaving = false;

  /** Whether there are as many as may be; 0 is no limit. */
  isFull(limit: number): boolean {
    return limit > 0 && this.#count >= limit;
  }

  /** Counts a handshake, whatever becomes of it. */
  begin(client: Socket): void {
    this.#count += 1;
    client.once('close', () => {
      this.#count -= 1;
    });
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

/** How many WebSocket connections each group has, on all listeners; lives over reloads. */
export class GroupTunnels {
  readonly #open = new Map<GroupKey, number>();

  /** Whether a group has as many as may be; 0 is no limit. */
  isFull(key: GroupKey, limit: number): boolean {
    return limit > 0 && (this.#open.get(key) ?? 0) >= limit;
  }

  /** Counts a handshake, whatever becomes of it. */
  begin(key: GroupKey, client: Socket): void {
    this.#count(key, 1);
    client.once('close', () => this.#count(key, -1));
  }

  #count(key: GroupKey, more: number): void {
    const count = (this.#open.get(key) ?? 0) + more;
    if (count === 0) this.#open.delete(key);
    else this.#open.set(key, count);
  }
}
