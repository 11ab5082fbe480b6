/** What each runner can do, in one table: the proxy, the plan and `check` go by it, and MANUAL.md shows it. */
import type { ForeignTraits } from '../lease.ts';
import type { GroupPlan } from '../plan.ts';
import type { Runner } from './runner.ts';

/** Options of `WSGIDaemonProcess` that some runner cannot honour. */
export type LostOption =
  | 'startup-timeout'
  | 'stack-size'
  | 'script-user'
  | 'script-group'
  | 'switch-interval'
  | 'send-buffer-size'
  | 'receive-buffer-size'
  | 'interrupt-timeout'
  | 'python-path'
  | 'python-home'
  | 'memory-limit'
  | 'virtual-memory-limit'
  | 'cpu-time-limit'
  | 'cpu-priority'
  | 'maximum-requests'
  | 'inactivity-timeout'
  | 'request-timeout'
  | 'restart-interval';

/** Where the plan has them. */
const OPTIONS: Readonly<Record<LostOption, (plan: GroupPlan) => unknown>> = {
  'startup-timeout': ({ startupTimeoutMs }) => startupTimeoutMs,
  'stack-size': ({ stackSizeBytes }) => stackSizeBytes,
  'script-user': ({ scriptUser }) => scriptUser,
  'script-group': ({ scriptGroup }) => scriptGroup,
  'switch-interval': ({ switchIntervalMs }) => switchIntervalMs,
  'send-buffer-size': ({ sendBufferSizeBytes }) => sendBufferSizeBytes,
  'receive-buffer-size': ({ receiveBufferSizeBytes }) => receiveBufferSizeBytes,
  'interrupt-timeout': ({ life }) => life.interruptTimeoutMs,
  'python-path': ({ pythonPath }) => (pythonPath.length === 0 ? undefined : pythonPath),
  'python-home': ({ pythonHome }) => pythonHome,
  'memory-limit': ({ limits }) => limits.data,
  'virtual-memory-limit': ({ limits }) => limits.as,
  'cpu-time-limit': ({ limits }) => limits.cpu,
  'cpu-priority': ({ nice }) => nice,
  'maximum-requests': ({ life }) => life.maximumRequests,
  'inactivity-timeout': ({ life }) => life.inactivityTimeoutMs,
  'request-timeout': ({ life }) => life.requestTimeoutMs,
  'restart-interval': ({ life }) => life.restartIntervalMs,
};

/** What one runner can and cannot do. */
export type RunnerFacts = {
  /** What has to be installed. */
  readonly needs: string;
  /** How it comes to its listening socket. */
  readonly listens: 'descriptor' | 'descriptor, socket, port' | 'elsewhere';
  /** Requests that one process can have at once; the group's `threads` otherwise. */
  readonly mostThreads?: number;
  /** Whether a connection carries one request after another. */
  readonly keepsConnections: boolean;
  /** Whether a waiting client gets its 100 when the application reads; else when its request has a process. */
  readonly asksForBody: boolean;
  /** Whether it may take a WebSocket handshake. */
  readonly upgrades: boolean;
  /** Whether the application is called before the body of a request has come. */
  readonly streamsBodies: boolean;
  /** Whether it runs the scripts of the group: their environ, imports before it is ready, a new process when one changes. */
  readonly runsScripts: boolean;
  /** Whether its processes are the sidecar's: as the group's user, replaced without loss, ended with the sidecar. */
  readonly hasProcesses: boolean;
  /** How answers end whose length is not known beforehand. */
  readonly endsAnswers: 'chunks' | 'as it likes';
  /** What TERM does to requests that are still under way after the drain. */
  readonly onTerm: 'finished' | 'cut' | 'as it likes' | 'no signal';
  /** Whether the stacks of its threads are written to the log before it is ended for being late. */
  readonly dumpsStacks: boolean;
  /** Options of `WSGIDaemonProcess` that are not carried over. */
  readonly loses: readonly LostOption[];
};

/** What the built-in worker alone does. */
const WORKERS_OWN: readonly LostOption[] = ['send-buffer-size', 'receive-buffer-size', 'interrupt-timeout'];

/** What takes our Python around the applications. */
const OF_SCRIPTS: readonly LostOption[] = [
  ...WORKERS_OWN,
  'startup-timeout',
  'stack-size',
  'script-user',
  'script-group',
  'switch-interval',
  'python-path',
  'python-home',
];

const SERVER = {
  listens: 'descriptor',
  asksForBody: false,
  upgrades: false,
  streamsBodies: true,
  runsScripts: true,
  hasProcesses: true,
  endsAnswers: 'chunks',
  onTerm: 'finished',
  dumpsStacks: true,
  loses: WORKERS_OWN,
} as const;

/** By the runner's name in the settings. */
export const RUNNER_TABLE: Readonly<Record<Runner['kind'], RunnerFacts>> = {
  builtin: {
    ...SERVER,
    needs: 'Python 2.7, 3.6+',
    keepsConnections: true,
    asksForBody: true,
    loses: [],
  },
  gunicorn: { ...SERVER, needs: '`gunicorn`', keepsConnections: true },
  'gunicorn-sync': { ...SERVER, needs: '`gunicorn`', keepsConnections: false, mostThreads: 1 },
  uwsgi: {
    ...SERVER,
    needs: '`uwsgi`, `uwsgi-plugin-python3`',
    keepsConnections: false,
    onTerm: 'cut',
    // SIGUSR2 is its own.
    dumpsStacks: false,
  },
  waitress: { ...SERVER, needs: '`python3-waitress`', keepsConnections: true, streamsBodies: false },
  command: {
    ...SERVER,
    needs: 'the program',
    listens: 'descriptor, socket, port',
    keepsConnections: false,
    upgrades: true,
    runsScripts: false,
    endsAnswers: 'as it likes',
    onTerm: 'as it likes',
    dumpsStacks: false,
    loses: OF_SCRIPTS,
  },
  url: {
    ...SERVER,
    needs: 'nothing',
    listens: 'elsewhere',
    keepsConnections: false,
    upgrades: true,
    runsScripts: false,
    hasProcesses: false,
    endsAnswers: 'as it likes',
    onTerm: 'no signal',
    dumpsStacks: false,
    loses: Object.keys(OPTIONS) as LostOption[],
  },
};

/** What the proxy has to know; undefined for the built-in worker, to which it is made. */
export function foreignTraits(runner: Runner): ForeignTraits | undefined {
  if (runner.kind === 'builtin') return undefined;
  const { keepsConnections, runsScripts, upgrades } = RUNNER_TABLE[runner.kind];
  const trustClose = 'trustClose' in runner && runner.trustClose;
  return { keepsConnections, wantsForwarding: !runsScripts, upgrades, trustClose };
}

/** Options that are set for a group and have no effect under its runner. */
export function lostOptions(plan: GroupPlan): readonly LostOption[] {
  return RUNNER_TABLE[plan.runner.kind].loses.filter((option) => OPTIONS[option](plan) !== undefined);
}
