/** A pool with real processes: its own runtime folder and guard, what it told its observer and its log. */
import { join } from 'node:path';
import type { Clock } from '../../src/groups/clock.ts';
import type { GroupSettings } from '../../src/groups/group-settings.ts';
import { Guard } from '../../src/groups/guard.ts';
import type { Lease, Refusal } from '../../src/groups/lease.ts';
import type { GroupLog } from '../../src/groups/observer.ts';
import type { GroupPlan } from '../../src/groups/plan.ts';
import { type PlanContext, planGroup } from '../../src/groups/plan-group.ts';
import { GroupPool } from '../../src/groups/pool.ts';
import type { GroupSnapshot } from '../../src/groups/snapshot.ts';
import { prepareRuntimeDir } from '../../src/groups/socket-path.ts';
import { packageRoot } from '../../src/package-root.ts';
import { type GroupIdentity, groupKey } from '../../src/routing/group-key.ts';
import { type Answer, send } from '../support/raw-http.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

export const IS_ROOT: boolean = process.geteuid?.() === 0;
export const PYTHON_FOLDER: string = join(packageRoot(), 'src/python');
/** Everybody may read this one. */
export const PYTHON = '/usr/bin/python3';

export type StageOptions = {
  readonly settings?: GroupSettings;
  readonly context?: Partial<PlanContext>;
  readonly maxGroups?: number;
  readonly clock?: Clock;
  readonly maxProcesses?: number;
};

export type LogLine = { readonly level: string; readonly fields: object; readonly message: string };

export const IDENTITY: GroupIdentity = { processGroup: '', applicationGroup: 'stage.test|/app' };

/** The real thing with one script per test. */
export class Stage {
  readonly folder: TemporaryFolder;
  readonly events: string[] = [];
  readonly log: LogLine[] = [];
  readonly runtimeDir: string;
  readonly pool: GroupPool;
  readonly #guard: Guard;
  readonly #options: StageOptions;
  readonly #leases: Lease[] = [];
  #isClosing = false;
  /** Changes plans of later starts. */
  settings: GroupSettings;

  private constructor(guard: Guard, folder: TemporaryFolder, log: LogLine[], options: StageOptions) {
    this.#guard = guard;
    this.#options = options;
    this.folder = folder;
    this.runtimeDir = join(folder.path, 'run');
    this.log = log;
    this.settings = options.settings ?? {};
    this.pool = new GroupPool(
      {
        planOf: (identity) => this.planOf(identity),
        pythonFolder: PYTHON_FOLDER,
        runtimeDir: this.runtimeDir,
        guard,
        ...(options.clock === undefined ? {} : { clock: options.clock }),
        log: logTo(log),
        observer: {
          groupStateChanged: (_identity, _from, to) => this.events.push(to),
          processStarted: (_identity, reason) => this.events.push(`start:${reason}`),
          processReady: () => undefined,
          processExited: (_identity, reason) => this.events.push(`exit:${reason}`),
          processReplaced: (_identity, reason, result) => this.events.push(`${reason}:${result}`),
          groupDropped: () => this.events.push('dropped'),
        },
      },
      {
        maxGroups: options.maxGroups ?? 10,
        ...(options.maxProcesses === undefined ? {} : { maxProcesses: options.maxProcesses }),
      },
    );
  }

  static async open(options: StageOptions = {}): Promise<Stage> {
    const log: LogLine[] = [];
    const guard = await Guard.start({ python: PYTHON, pythonFolder: PYTHON_FOLDER, log: logTo(log) });
    const folder = makeTemporaryFolder('groups-');
    await prepareRuntimeDir(join(folder.path, 'run'));
    return new Stage(guard, folder, log, options);
  }

  /** Gives back what the test still holds, and leaves no process. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const lease of this.#leases) lease.release('abandoned');
    await this.pool.stop();
    await this.#guard.stop();
    this.folder.remove();
  }

  /** What the settings of now make of a group. */
  planOf(identity: GroupIdentity): GroupPlan {
    return planGroup(identity, this.#context(this.#options));
  }

  acquire(
    signal: AbortSignal = new AbortController().signal,
    identity: GroupIdentity = IDENTITY,
  ): Lease | Refusal | Promise<Lease | Refusal> {
    const answer = this.pool.acquire(identity, groupKey(identity), signal);
    if (answer instanceof Promise) void answer.then((late) => this.#keep(late));
    else this.#keep(answer);
    return answer;
  }

  /** A lease, or an error with the refusal's words. */
  async lease(): Promise<Lease> {
    const answer = await this.acquire();
    if (answer.kind === 'refusal') throw new Error(`${answer.code}: ${answer.message}`);
    return answer;
  }

  async refusal(): Promise<Refusal> {
    const answer = await this.acquire();
    if (answer.kind === 'lease') throw new Error('There was a lease where a refusal was expected');
    return answer;
  }

  /** One request from its lease to its end. */
  async get(script: string, path = '/'): Promise<Answer> {
    const lease = await this.lease();
    const answer = await askOf(lease, script, path);
    lease.release('answered');
    return answer;
  }

  snapshot(): GroupSnapshot {
    const [snapshot] = this.pool.snapshot();
    if (snapshot === undefined) throw new Error('No group is open');
    return snapshot;
  }

  /** Pids of the ready processes. */
  ready(): number[] {
    return this.snapshot()
      .processes.filter(({ state }) => state === 'ready')
      .map(({ pid }) => pid);
  }

  #keep(answer: Lease | Refusal): void {
    if (answer.kind === 'refusal') return;
    this.#leases.push(answer);
    if (this.#isClosing) answer.release('abandoned');
  }

  #context(options: StageOptions): PlanContext {
    return {
      apache: IS_ROOT ? { user: 'nobody', group: 'nogroup' } : {},
      defaults: { python: PYTHON, threads: 2, shutdownTimeoutMs: 1_000, ...this.settings },
      imports: [],
      modWsgiVersion: [4, 9, 4],
      root: IS_ROOT,
      parentEnvironment: process.env,
      ...options.context,
    };
  }
}

/** A request to the process behind a lease, with the headers that the front would set. */
export function askOf(lease: Lease, script: string, path = '/'): Promise<Answer> {
  const mount = { SCRIPT_FILENAME: script, 'mod_wsgi.callable_object': 'application' };
  const request = { SCRIPT_NAME: '', PATH_INFO: path, REQUEST_METHOD: 'GET', QUERY_STRING: '' };
  return send({ socketPath: lease.upstream.socketPath }, path, {
    headers: { 'x-sidecar-mount': JSON.stringify(mount), 'x-sidecar-request': JSON.stringify(request) },
  });
}

function logTo(lines: LogLine[]): GroupLog {
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
