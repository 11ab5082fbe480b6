/** Where a group process listens: a socket that the launcher binds, or one or a port that a program binds by itself. */
import { lstat, rm } from 'node:fs/promises';
import type { Place } from '../lease.ts';
import type { GroupPlan } from '../plan.ts';
import { OwnSocket } from './own-socket.ts';
import { probeConnection } from './probe.ts';

/** What the launcher tells of a program as it becomes it. */
export type Launched = { readonly port?: number; readonly uid: number };

/** A program on this machine that takes no connection for so long is out of reach. */
const REACH_TIMEOUT_MS = 5_000;

/** Lives as long as its process. */
export class ListeningPlace {
  /** What the launcher binds, or tells the program. */
  readonly file: string;
  /** What leads to it; empty while nothing does, or where it is a port. */
  socketPath: string;
  tcp: { readonly host: string; readonly port: number } | undefined;
  readonly #own: OwnSocket | undefined;
  readonly #isProgram: boolean;

  /** `path` is free, in the runtime folder. */
  constructor({ runner, user }: Pick<GroupPlan, 'runner' | 'user'>, path: string) {
    this.#isProgram = runner.kind === 'command';
    const bindsSocket = runner.kind === 'command' && runner.listens === 'socket';
    if (bindsSocket && user !== undefined) this.#own = new OwnSocket();
    this.file = this.#own?.path ?? path;
    this.socketPath = this.#own === undefined ? path : '';
  }

  /** Where a program that was launched so can be asked; undefined while there is nothing. */
  find({ port, uid }: Launched): Place | undefined {
    if (port !== undefined) {
      this.socketPath = '';
      this.tcp = { host: '127.0.0.1', port };
      return this.tcp;
    }
    if (this.#own !== undefined) this.socketPath = this.#own.hold(uid) ?? '';
    return this.socketPath === '' ? undefined : { socketPath: this.socketPath };
  }

  /** Whether connections still lead to it. */
  async isReachable(): Promise<boolean> {
    if (this.#isProgram) {
      const place = this.tcp ?? { socketPath: this.socketPath };
      return (await probeConnection(place, REACH_TIMEOUT_MS)) === undefined;
    }
    try {
      return (await lstat(this.socketPath)).isSocket();
    } catch {
      return false;
    }
  }

  async remove(): Promise<void> {
    if (this.#own === undefined) await rm(this.file, { force: true });
    else this.#own.remove();
  }
}
