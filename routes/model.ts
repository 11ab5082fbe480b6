/** What the admin side reads, plain values made anew for each question, and what it may ask for. The composition fulfils this. */
import type { ErrorCode } from '../src/errors.ts';
import type { GroupState } from '../src/groups/observer.ts';

/** Who a group is. Names are text, the empty ones written `%{GLOBAL}`. */
export type GroupName = {
  /** 12 hex digits; the same for the same group in every sidecar of one configuration. */
  readonly id: string;
  readonly processGroup: string;
  readonly applicationGroup: string;
  /** The script or mount that `isolation` made a group of its own. */
  readonly part?: string;
};

/** A group as people and programs are shown it. */
export type GroupView = GroupName & {
  readonly mode: 'embedded' | 'daemon';
  readonly state: GroupState;
  /** Why it is in that state, for people. */
  readonly reason: string;
  /** Unix time in milliseconds; absent while nobody has asked for the group. */
  readonly since?: number;
  /** When the next start is tried, where it is backing off or has failed. */
  readonly nextStartAt?: number;
  readonly limits: { readonly processes: number; readonly threads: number; readonly queueLength: number };
  readonly mounts: readonly string[];
  readonly scripts: readonly string[];
  /** Scripts that one process serves together, when there is more than one. */
  readonly sharing: readonly string[];
  readonly processes: readonly ProcessView[];
  readonly queueDepth: number;
  /** Why it does not serve, told here and never to clients. */
  readonly failure?: string;
  /** Of the last start that failed or process that crashed. */
  readonly lastFailure?: FailureView;
  /** Scripts that could not be imported: their mounts answer 500, the others are served. */
  readonly failedScripts: readonly ScriptFailureView[];
};

/** A process of a group, or a server elsewhere: that one has a `url`, and 0 as its pid. Times in Unix milliseconds. */
export type ProcessView = {
  readonly pid: number;
  readonly url?: string;
  readonly state: string;
  readonly inFlight: number;
  readonly startedAt: number;
  /** Requests that it has had to their end, and those of them whose answer broke. */
  readonly served: number;
  readonly failed: number;
};

export type ScriptFailureView = {
  readonly at: number;
  readonly script: string;
  readonly message: string;
  readonly traceback: string;
};

/** Something that has happened, at a Unix time in milliseconds. */
export type EventView =
  | {
      readonly kind: 'group';
      readonly at: number;
      readonly group: GroupName;
      /** Absent when the group is new. */
      readonly from?: GroupState;
      readonly to: GroupState;
    }
  | {
      readonly kind: 'process';
      readonly at: number;
      readonly group: GroupName;
      readonly what: 'started' | 'ready' | 'exited';
      readonly reason?: string;
    }
  | { readonly kind: 'reload'; readonly at: number; readonly reload: ReloadView };

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

/** The sidecar that serves from now on, and the one that has started it, which finishes what it has and ends. */
export type UpgradeView = {
  readonly pid: number;
  readonly version: string;
  readonly predecessor: { readonly pid: number; readonly version: string };
};

/** What became of an upgrade: `kept` left the old sidecar serving. */
export type UpgradeOutcome =
  | ({ readonly result: 'succeeded' } & UpgradeView)
  | { readonly result: 'kept'; readonly detail: string };

/** How a reload ended; `refused` left everything as it was. */
export type ReloadView =
  | {
      /** Unix time in milliseconds. */
      readonly at: number;
      readonly result: 'reloaded';
      readonly groups: {
        readonly unchanged: readonly GroupName[];
        /** Their processes live on by the new limits. */
        readonly adopted: readonly GroupName[];
        readonly replaced: readonly GroupName[];
        readonly stopped: readonly GroupName[];
        /** The new process did not become ready: the old one goes on serving. */
        readonly kept: readonly (GroupName & { readonly failure: FailureView })[];
      };
      /** Addresses. */
      readonly listeners: { readonly opened: readonly string[]; readonly closed: readonly string[] };
      /** Settings that have changed and hold from the next start on. */
      readonly waiting: readonly string[];
      /** Findings that the configuration before had not. */
      readonly findings: readonly DiagnosticView[];
    }
  | {
      readonly at: number;
      readonly result: 'refused';
      readonly code: ErrorCode;
      /** Every finding, a line each. */
      readonly detail: string;
    };

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
  /** Reads the configuration anew; resolves when its groups have followed. */
  reload(): Promise<ReloadView>;
  /** A new sidecar in the place of this one. */
  upgrade(): Promise<UpgradeOutcome>;
  /** Tells a listener what happens until the returned function is called. */
  events(listener: (event: EventView) => void): () => void;
  /** How the last reload ended, if there was one. */
  lastReload(): ReloadView | undefined;
};

/** Where the numbers come from. */
export type MetricsSource = {
  expose(
    format: 'prometheus' | 'openmetrics',
  ): Promise<{ readonly contentType: string; readonly body: string }>;
};
