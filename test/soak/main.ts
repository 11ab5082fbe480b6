/**
 * `npm run soak`: four groups under constant load, and everything that may happen to a sidecar meanwhile. Each request has a
 * number that the application must echo; whatever is not answered right has to be explained by a process that was killed.
 */
import { copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runMain, tell } from '../support/run-main.ts';
import { runEvent } from './events.ts';
import { Load } from './load.ts';
import { type EventKind, parseOptions, type SoakOptions, usage } from './options.ts';
import { randomFrom, shuffled } from './random.ts';
import { renderJson, renderTable } from './report.ts';
import { groups } from './site.ts';
import { Subject } from './subject.ts';
import { isFine, type Result, type SoakEvent, tally } from './tally.ts';
import type { Outcome } from './verdict.ts';

/** Between two events, so that each has its own numbers and there is a quiet to hold them against. */
const QUIET_MS = 1_500;

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    process.stdout.write(usage);
    return 0;
  }
  const options = parseOptions(process.argv.slice(2));
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const subject = await Subject.start();
  try {
    const result = await soak(subject, options, interrupted.signal);
    process.stdout.write(options.json ? renderJson(result) : renderTable(result));
    if (!isFine(result))
      tell(`The sidecar's log is kept: ${keepLog(subject)}; the same events again: --seed ${options.seed}`);
    return interrupted.signal.aborted ? 130 : isFine(result) ? 0 : 1;
  } finally {
    await subject.stop();
    subject.folder.remove();
  }
}

async function soak(subject: Subject, options: SoakOptions, interrupted: AbortSignal): Promise<Result> {
  const { seconds, seed } = options;
  const outcomes: Outcome[] = [];
  const events: SoakEvent[] = [];
  const killed = new Set<number>();
  const versions = new Map<string, number>();
  const load = new Load({
    port: subject.port,
    socketPath: subject.socketPath,
    groups: groups.map(({ name }) => name),
    random: randomFrom(seed + 1),
    ended: (outcome) => {
      outcomes.push(outcome);
      const { order, ending } = outcome;
      if (ending.kind === 'whole' && ending.version !== undefined)
        versions.set(order.group, Math.max(ending.version, versions.get(order.group) ?? 0));
    },
  });
  const end = endAfter(seconds * 1000, interrupted);
  const progress = showProgress(seconds, () => describeProgress(outcomes, events));
  load.start();
  const random = randomFrom(seed);
  const context = {
    subject,
    random,
    killed,
    interrupted,
    versionOf: (group: string) => versions.get(group) ?? 1,
  };
  for await (const kind of sequence(options.kinds, random, end)) {
    const event = await runEvent(kind, context);
    // One that was broken off has not failed.
    if (!interrupted.aborted) events.push(event);
  }
  await load.stop();
  progress.end();
  const left = await subject.stop();
  return tally({ outcomes, events, killed, logged: subject.loggedRequests(), orphans: left.length });
}

function endAfter(ms: number, interrupted: AbortSignal): AbortSignal {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), ms);
  const stop = (): void => {
    clearTimeout(timer);
    end.abort();
  };
  if (interrupted.aborted) stop();
  else interrupted.addEventListener('abort', stop, { once: true });
  return end.signal;
}

/** Every kind once in random order, again and again, with quiet between; until the end. */
async function* sequence(
  kinds: readonly EventKind[],
  random: () => number,
  end: AbortSignal,
): AsyncGenerator<EventKind> {
  for (;;) {
    for (const kind of shuffled(kinds, random)) {
      await delay(QUIET_MS, undefined, { signal: end }).catch(() => undefined);
      if (end.aborted) return;
      yield kind;
    }
  }
}

function describeProgress(outcomes: readonly Outcome[], events: readonly SoakEvent[]): string {
  const notRight = outcomes.filter(({ verdict }) => verdict !== 'right').length;
  const last = events.at(-1);
  return `${outcomes.length} requests, ${notRight} not right, ${events.length} events${last === undefined ? '' : `, last ${last.kind}`}`;
}

/** One line that is written over on a terminal; elsewhere one line every ten seconds. */
function showProgress(seconds: number, describe: () => string): { end(): void } {
  const { isTTY } = process.stderr;
  const startedAt = Date.now();
  const show = (): void => {
    const line = `${Math.round((Date.now() - startedAt) / 1000)} of ${seconds} s: ${describe()}`;
    process.stderr.write(isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  };
  const timer = setInterval(show, isTTY ? 500 : 10_000);
  return {
    end: () => {
      clearInterval(timer);
      if (isTTY) process.stderr.write('\r\x1b[K');
    },
  };
}

function keepLog(subject: Subject): string {
  const kept = join(tmpdir(), `wsgi-sidecar-soak-${process.pid}.log`);
  copyFileSync(subject.logPath, kept);
  return kept;
}

await runMain(main);
