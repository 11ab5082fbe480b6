/**
 * `groupsFrom: dispatch`: routes where a `WSGIDispatchScript` has a say. Routing stays a calculation: it is asked once, says
 * what it would have to know, and is asked again with the script's answer. Each script runs in a helper process of its own,
 * a group like others but for what it runs, in a pool of its own, so that it neither is nor displaces a group of applications.
 */
import type { LeaseOutcome, Refusal, Upstream } from '../groups/lease.ts';
import type { GroupLog } from '../groups/observer.ts';
import { groupId } from '../groups/plan.ts';
import type { GroupPool } from '../groups/pool.ts';
import { type GroupIdentity, type GroupKey, groupKey } from '../routing/group-key.ts';
import { resolveRoute } from '../routing/resolve.ts';
import type { DispatchAnswer, DispatchQuestion, FileProbe, Route, RouteRequest } from '../routing/route.ts';
import type { Site } from '../site/model.ts';
import { askHelper } from './ask-helper.ts';

export type DispatcherDeps = {
  readonly pool: Pick<GroupPool, 'acquire' | 'restart'>;
  readonly probe: FileProbe;
  readonly log: GroupLog;
  /** For one answer of a script, in milliseconds. */
  readonly timeoutMs: number;
};

/** Who waits for a route. */
export type Client = { gone(): AbortSignal };

/** A request, and the document that Apache sends for its error, may each have a script; more is a loop. */
const MAX_QUESTIONS = 4;

/** How long the end of a process that takes no connections may be awaited, in milliseconds. */
const END_MS = 500;

export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #restarting = new Set<GroupKey>();
  /** The file system, and what is missing there told once; names of scripts come from the configuration alone. */
  readonly #files: Files;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    const told = new Set<string>();
    const dispatchMissing = (script: string): void => {
      if (told.has(script)) return;
      told.add(script);
      deps.log.warn({ script }, 'Dispatch script not found: its requests go to the configured groups');
    };
    this.#files = { kind: deps.probe.kind, dispatchMissing };
  }

  /** The route at once where no script has a say; else a promise of it, or of why the script could not be asked. */
  resolve(site: Site, request: RouteRequest, client: Client): Route | Promise<Route | Refusal> {
    const hearing = startHearing(this.#files);
    const route = resolveRoute(site, request, hearing.probe);
    return hearing.open() === undefined ? route : this.#settle(site, request, { hearing, client });
  }

  async #settle(
    site: Site,
    request: RouteRequest,
    { hearing, client }: { readonly hearing: Hearing; readonly client: Client },
  ): Promise<Route | Refusal> {
    for (let asked = 0; asked < MAX_QUESTIONS; asked += 1) {
      const question = hearing.open();
      if (question === undefined) break;
      const answer = await this.#ask(question, client.gone());
      if (answer.kind === 'refusal') return answer;
      hearing.answer(question, answer);
      const route = resolveRoute(site, request, hearing.probe);
      if (hearing.open() === undefined) return route;
    }
    const message = `The dispatch scripts of one request have had ${MAX_QUESTIONS} questions without an end`;
    return { kind: 'refusal', code: 'ERR_INTERNAL', message };
  }

  async #ask(question: DispatchQuestion, gone: AbortSignal): Promise<DispatchAnswer | Refusal> {
    const { pool, timeoutMs } = this.#deps;
    const identity = helperOf(question);
    const key = groupKey(identity);
    for (let isFirst = true; ; isFirst = false) {
      const lease = await pool.acquire(identity, key, gone);
      if (lease.kind === 'refusal') return lease;
      const { upstream } = lease;
      const answer = await askHelper(upstream, question, { gone, timeoutMs });
      lease.release(outcomeOf(answer));
      if (answer.kind !== 'refusal') return answer;
      if (answer.code === 'ERR_UPSTREAM_TIMEOUT') void this.#replace(key, question);
      // The process ended before the question reached it; another one may have it.
      if (answer.code !== 'ERR_UPSTREAM_CONNECT' || !isFirst) return answer;
      await ended(upstream);
    }
  }

  /** A thread that hangs is lost to its process, which therefore makes room for a new one. */
  async #replace(key: GroupKey, { script }: DispatchQuestion): Promise<void> {
    if (this.#restarting.has(key)) return;
    this.#restarting.add(key);
    const { log, pool } = this.#deps;
    const group = groupId(key);
    log.warn({ group, script }, 'Dispatch script gave no answer in time: its process is replaced');
    try {
      await pool.restart(group);
    } catch (err) {
      log.error({ group, script, err }, 'Cannot replace the process of a dispatch script');
    } finally {
      this.#restarting.delete(key);
    }
  }
}

/**
 * The identity of a script's helper: the interpreter's name stands in it as the configuration writes it, so that no client
 * can make helpers by what it sends.
 */
function helperOf({ script, applicationGroup }: DispatchQuestion): GroupIdentity {
  return { processGroup: '', applicationGroup, part: { kind: 'dispatch', script } };
}

/** Resolves when the process is known to have ended, or after `END_MS`. */
function ended({ closed }: Upstream): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      closed.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, END_MS);
    closed.addEventListener('abort', finish, { once: true });
    if (closed.aborted) finish();
  });
}

function outcomeOf(answer: DispatchAnswer | Refusal): LeaseOutcome {
  if (answer.kind !== 'refusal') return 'answered';
  return answer.code === 'ERR_CLIENT_GONE' ? 'abandoned' : 'failed';
}

/** The questions of one request, in the order in which routing asks them. */
type Hearing = {
  readonly probe: FileProbe;
  /** The first question without an answer since the last answer came. */
  open(): DispatchQuestion | undefined;
  answer(question: DispatchQuestion, answer: DispatchAnswer): void;
};

type Files = Required<Pick<FileProbe, 'kind' | 'dispatchMissing'>>;

function startHearing(files: Files): Hearing {
  const answers = new Map<string, DispatchAnswer>();
  let open: DispatchQuestion | undefined;
  return {
    probe: {
      ...files,
      dispatch: (question) => {
        const known = answers.size === 0 ? undefined : answers.get(textOf(question));
        if (known !== undefined) return known;
        open ??= question;
        return { kind: 'not-asked' };
      },
    },
    open: () => open,
    answer: (question, answer) => {
      answers.set(textOf(question), answer);
      open = undefined;
    },
  };
}

function textOf({ script, applicationGroup, environ }: DispatchQuestion): string {
  return JSON.stringify([script, applicationGroup, ...environ]);
}
