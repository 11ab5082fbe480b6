/** A server to measure: how to start it, and the proof that it answers what the others answer. */
import type { ChildProcess } from 'node:child_process';
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Stage, tailOf } from '../stage.ts';

/** Where a peer runs and what it serves. */
export type Setting = {
  readonly stage: Stage;
  /** Cores for everything that the peer starts, as taskset takes them. */
  readonly cores: string;
  /** The WSGI application (`.py`) or, for proxies alone, the Unix socket of the static upstream. */
  readonly serves: string;
};

export type Peer = {
  readonly name: string;
  /** Starts it and returns its address, without a slash at the end; it need not answer yet. */
  start(setting: Setting): Promise<StartedPeer>;
};

export type StartedPeer = {
  readonly url: string;
  /** The process whose end means that the peer will never answer. */
  readonly child: ChildProcess;
  readonly logPath: string;
};

/** A peer that has given the answer it has to give. */
export type RunningPeer = StartedPeer & {
  readonly name: string;
  /** The processes that were started for it; others may descend from them. */
  readonly pids: readonly number[];
};

/** What every peer of a suite answers, with status 200. */
export type Expected = { readonly path: string; readonly body: string };

const startLimitMs = 30_000;

/** Starts a peer and returns once it has answered as expected. */
export async function startVerified(peer: Peer, setting: Setting, expected: Expected): Promise<RunningPeer> {
  const before = setting.stage.pids();
  const started = await peer.start(setting);
  const pids = setting.stage.pids().filter((pid) => !before.includes(pid));
  const end = Date.now() + startLimitMs;
  let last = 'no answer';
  while (Date.now() < end && started.child.exitCode === null) {
    const answer = await ask(started.url + expected.path);
    if (typeof answer !== 'string' && answer.status === 200 && answer.body === expected.body) {
      return { ...started, name: peer.name, pids };
    }
    last =
      typeof answer === 'string' ? answer : `${answer.status} ${JSON.stringify(answer.body.slice(0, 200))}`;
    await delay(50);
  }
  throw new Error(`${peer.name} does not answer as the others do (${last}):\n${tailOf(started.logPath)}`);
}

type Answer = { readonly status: number; readonly body: string };

/** GET on a connection of its own; a string says why there was no answer. */
export function ask(url: string): Promise<Answer | string> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => resolve(error.message));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('latin1') }),
      );
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.on('error', (error) => resolve(error.message));
  });
}
