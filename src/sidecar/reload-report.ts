/** Tells log, metrics and the admin side what is in force and how the last reload ended. What was told before is not told again. */
import type { ReloadView } from '../../routes/model.ts';
import { fromBytes } from '../apache/bytes.ts';
import { type Diagnostic, renderDiagnostic } from '../apache/diagnostic.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import type { ReloadOutcome } from '../supervisor/reload.ts';
import type { InForce } from './configuration.ts';
import { viewDiagnostic } from './diagnostic-view.ts';
import type { Events } from './events.ts';
import { viewFailure, viewIdentity } from './group-views.ts';

export type ReloadReportDeps = {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: Pick<Events, 'reloaded'>;
  /** Who the groups of the last reload are, by id, those that it stopped too. */
  readonly identities: () => ReadonlyMap<string, GroupIdentity>;
};

type Ended = Exclude<ReloadOutcome, { kind: 'unchanged' }>;

export class ReloadReport {
  readonly #deps: ReloadReportDeps;
  #told: ReadonlySet<string> = new Set();
  #last: ReloadView | undefined;

  constructor(deps: ReloadReportDeps) {
    this.#deps = deps;
  }

  /** How the last reload ended; undefined before the first. */
  get last(): ReloadView | undefined {
    return this.#last;
  }

  /** A configuration is in force. Returns its findings that the one before had not. */
  loaded({ declared, diagnostics, settings }: InForce): readonly Diagnostic[] {
    const { metrics, log } = this.#deps;
    const { unknownPort, expandFromRequest, groupsFrom, modWsgiVersion, maxGroups, limits } = settings;
    const clientsMakeNames = unknownPort === 'admit' || expandFromRequest || groupsFrom === 'dispatch';
    metrics.configurationLoaded({
      modWsgiVersion,
      maxGroups,
      maxConnections: limits.connections,
      clientsMakeNames,
      groups: declared.map(({ identity }) => identity),
    });
    const texts = new Map(diagnostics.map((diagnostic) => [renderDiagnostic(diagnostic), diagnostic]));
    const fresh = [...texts].filter(([text]) => !this.#told.has(text)).map(([, diagnostic]) => diagnostic);
    this.#told = new Set(texts.keys());
    logDiagnostics(fresh, log);
    return fresh;
  }

  /** `current` is what is in force after it. */
  ended(outcome: ReloadOutcome, current: InForce | undefined): void {
    if (outcome.kind === 'unchanged' || current === undefined) return;
    this.#last = outcome.kind === 'refused' ? this.#refused(outcome) : this.#reloaded(outcome, current);
    this.#deps.events.reloaded(this.#last);
  }

  #refused({ error }: Extract<Ended, { kind: 'refused' }>): ReloadView {
    const { log, metrics } = this.#deps;
    metrics.configurationRefused();
    log.error({ code: error.code }, `Reload refused, what was in force stays: ${error.message}`);
    return { at: Date.now(), result: 'refused', code: error.code, detail: error.message };
  }

  #reloaded({ groups, opened, closed }: Extract<Ended, { kind: 'reloaded' }>, current: InForce): ReloadView {
    const findings = this.loaded(current).map(viewDiagnostic);
    const named = this.#deps.identities();
    const view = (id: string): ReturnType<typeof viewIdentity> => {
      const identity = named.get(id);
      return identity === undefined ? { id, processGroup: '', applicationGroup: '' } : viewIdentity(identity);
    };
    const { unchanged, adopted, replaced, stopped, kept } = groups;
    const counts = {
      unchanged: unchanged.length,
      adopted: adopted.length,
      replaced: replaced.length,
      stopped: stopped.length,
      kept: kept.length,
    };
    const { waiting } = current;
    this.#deps.log.info({ ...counts, opened, closed, waiting }, 'Configuration reloaded');
    if (waiting.length > 0)
      this.#deps.log.warn({ waiting }, `Settings that hold from the next start on: ${waiting.join(', ')}`);
    return {
      at: Date.now(),
      result: 'reloaded',
      groups: {
        unchanged: unchanged.map(view),
        adopted: adopted.map(view),
        replaced: replaced.map(view),
        stopped: stopped.map(view),
        kept: kept.map(({ id, failure }) => ({
          ...view(id),
          failure: viewFailure({ at: failure.journey.startedAt, ...failure }),
        })),
      },
      listeners: { opened, closed },
      waiting,
      findings,
    };
  }
}

function logDiagnostics(diagnostics: readonly Diagnostic[], log: Log): void {
  for (const diagnostic of diagnostics) {
    const level = ({ error: 'error', warning: 'warn', info: 'debug' } as const)[diagnostic.severity];
    log[level]({ diagnostic: diagnostic.id }, fromBytes(renderDiagnostic(diagnostic)));
  }
}
