/** What the admin side reads, plain values made anew for each question, and what it may ask for. The composition fulfils this. */
import type { GroupState } from '../src/groups/observer.ts';

/** A group as people and programs are shown it. Names are text, the empty ones written `%{GLOBAL}`. */
export type GroupView = {
  /** 12 hex digits; the same for the same group in every sidecar of one configuration. */
  readonly id: string;
  readonly processGroup: string;
  readonly applicationGroup: string;
  /** The script or mount that `isolation` made a group of its own. */
  readonly part?: string;
  readonly mode: 'embedded' | 'daemon';
  readonly state: GroupState;
  readonly limits: { readonly processes: number; readonly threads: number; readonly queueLength: number };
  readonly mounts: readonly string[];
  readonly scripts: readonly string[];
  /** Scripts that one process serves together, when there is more than one. */
  readonly sharing: readonly string[];
  readonly processes: readonly { readonly pid: number; readonly state: string; readonly inFlight: number }[];
  readonly queueDepth: number;
  /** Why it does not serve, told here and never to clients. */
  readonly failure?: string;
  /** Of the last start that failed or process that crashed. */
  readonly lastFailure?: FailureView;
};

/** Why a process could not be started, or how it ended; times in milliseconds. */
export type FailureView = {
  /** Unix time. */
  readonly at: number;
  /** The step of the start that failed, or `serving`. */
  readonly step: string;
  readonly message: string;
  readonly traceback?: string;
  /** How far the start came. */
  readonly steps?: readonly { readonly step: string; readonly afterMs: number }[];
  /** Last lines that the process printed, oldest first. */
  readonly output?: readonly string[];
};

/** What became of a restart that was done; `idle`: there was no process to replace. */
export type RestartView = { readonly result: 'restarted' | 'idle'; readonly group: GroupView };

/** What became of a restart: `kept` leaves the old processes serving. */
export type RestartOutcome = RestartView | { readonly result: 'kept'; readonly failure: FailureView };

/** application/problem+json, with what a command that was not done adds. */
export type ProblemView = {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code?: string;
  readonly failure?: FailureView;
};

/** A finding in the configuration. */
export type DiagnosticView = {
  readonly severity: 'error' | 'warning' | 'info';
  readonly id: string;
  readonly file?: string;
  readonly line?: number;
  readonly directive?: string;
  readonly message: string;
  readonly advice?: string;
  /** All of it as one line. */
  readonly text: string;
};

/** A request that someone asks about. */
export type Question = {
  readonly url: string;
  readonly method: string;
  /** `Name: value` lines. */
  readonly headers: readonly string[];
  /** Apache's local port; by default the URL's. */
  readonly port?: number;
};

export type AdminModel = {
  /** Whether requests are served, and if not why. */
  readiness(): { readonly ready: boolean; readonly state: string };
  groups(): readonly GroupView[];
  /** New processes for a group; undefined when there is no such group. */
  restart(id: string): Promise<RestartOutcome | undefined>;
  /** What would become of a request, and why; throws a SidecarError for a URL that is none. */
  explain(question: Question): object;
  /** Listeners, virtual hosts and mounts. */
  site(): object;
  diagnostics(): readonly DiagnosticView[];
};

/** Where the numbers come from. */
export type MetricsSource = {
  expose(
    format: 'prometheus' | 'openmetrics',
  ): Promise<{ readonly contentType: string; readonly body: string }>;
};
