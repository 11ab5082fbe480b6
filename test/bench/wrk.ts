/** wrk, the load generator: HTTP/1.1 with keep-alive, one thread. */
import { runToEnd, type Stage } from './stage.ts';

export type Load = {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** The cores that wrk may use, as taskset takes them. */
  readonly cores: string;
  /** Path of a Lua script that makes the requests. */
  readonly script?: string;
};

export type WrkFigures = {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx and 3xx, and connections that broke. */
  readonly errors: number;
  readonly requests: number;
};

/** Apache's event MPM closes kept connections when it grows or shrinks; above this share figures would mean nothing. */
const tolerableErrors = 0.1;

/** Runs one load; throws when more than a few requests failed. */
export async function runLoad(stage: Stage, load: Load): Promise<WrkFigures> {
  const connections = String(load.connections);
  const duration = `${load.seconds}s`;
  const script = load.script === undefined ? [] : ['-s', load.script];
  const output = await runToEnd(stage, {
    name: 'wrk',
    command: [
      'wrk',
      '-t1',
      `-c${connections}`,
      `-d${duration}`,
      '--timeout',
      '10s',
      '--latency',
      ...script,
      load.url,
    ],
    cores: load.cores,
    timeoutMs: load.seconds * 1000 + 30_000,
  });
  const sample = parseWrk(output);
  if (typeof sample === 'string') throw new Error(`wrk against ${load.url}: ${sample}`);
  if (sample.errors > sample.requests * tolerableErrors) {
    throw new Error(`wrk against ${load.url}: ${sample.errors} of ${sample.requests} requests failed`);
  }
  return sample;
}

/** The figures in wrk's report, or what makes it worthless. */
export function parseWrk(report: string): WrkFigures | string {
  const requestsPerSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(report)?.[1]);
  const requests = Number(/(\d+) requests in/.exec(report)?.[1]);
  const p50Ms = percentile(report, 50);
  const p99Ms = percentile(report, 99);
  if (!(requestsPerSecond > 0) || p50Ms === undefined || p99Ms === undefined) {
    return `no figures in "${report.trim()}"`;
  }
  return { requestsPerSecond, p50Ms, p99Ms, errors: countErrors(report), requests };
}

function countErrors(report: string): number {
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(report)?.[1] ?? 0);
  const broken = /Socket errors: (.*)/.exec(report)?.[1]?.match(/\d+/g) ?? [];
  return broken.map(Number).reduce((sum, count) => sum + count, refused);
}

const unitMs: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function percentile(report: string, rank: number): number | undefined {
  const found = new RegExp(`^\\s+${rank}%\\s+([\\d.]+)(us|ms|s|m)$`, 'm').exec(report);
  const factor = unitMs[found?.[2] ?? ''];
  return factor === undefined ? undefined : Number(found?.[1]) * factor;
}
