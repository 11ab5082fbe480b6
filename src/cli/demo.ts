/**
 * `demo`: the story of the README with nothing but Python. Two applications in one virtual host, each with a `config.py` of its
 * own; asks both what their SITE_NAME is and says whether they mixed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageRoot } from '../package-root.ts';
import { loadSettings, type Settings } from '../settings/load.ts';
import type { RunningSidecar } from '../sidecar/sidecar.ts';
import { watchSignals } from '../supervisor/signals.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import { renderGroupTable, renderSharing } from './group-table.ts';

type DemoFlags = {
  readonly group: string;
  readonly isolation: string;
  readonly python?: string;
  readonly once?: boolean;
  readonly json?: boolean;
};

export function demoCommand(context: CliContext, finish: Finish): Command {
  return new Command('demo')
    .description('show two applications with a config.py each, in one virtual host')
    .option('--group <name>', 'WSGIApplicationGroup of the virtual host', '%{RESOURCE}')
    .option('--isolation <rule>', 'as-configured, per-script or per-mount', 'as-configured')
    .option('--python <program>', 'the interpreter (default: python3)')
    .option('--once', 'end after the answers instead of waiting for Ctrl-C')
    .option('--json', 'print the answers and groups as JSON')
    .action(async (flags: DemoFlags) => finish(await demo(context, flags)));
}

async function demo(context: CliContext, flags: DemoFlags): Promise<ExitCode> {
  const end = waitForEnd();
  const folder = mkdtempSync(join(tmpdir(), 'wsgi-sidecar-demo-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  // The process ends at once where nobody takes what it prints (`| true`).
  process.once('exit', removeFolder);
  try {
    const port = await findPort();
    const environment = { ...context.environment, ...demoEnvironment(port, flags.group) };
    const settings = await demoSettings(flags, environment, folder);
    // As `run` does: other commands need not load what serves.
    const [{ createLog }, { startSidecar }] = await Promise.all([
      import('../log.ts'),
      import('../sidecar/sidecar.ts'),
    ]);
    const log = createLog({ level: 'warn', format: 'text', fd: 2 });
    const sidecar = await startSidecar(settings, { environment, version: context.version, log });
    try {
      await show(context, flags, sidecar, port);
      if (flags.once !== true) await end.asked;
    } finally {
      await sidecar.stop();
    }
  } finally {
    end.stopWatching();
    process.off('exit', removeFolder);
    removeFolder();
  }
  return EXIT.ok;
}

/** What `deploy/demo/apache.conf` is written with. */
function demoEnvironment(port: number, group: string): Record<string, string> {
  return {
    DEMO_ROOT: join(packageRoot(), 'deploy', 'demo'),
    DEMO_PORT: String(port),
    DEMO_GROUP: group,
  };
}

async function demoSettings(
  flags: DemoFlags,
  environment: CliContext['environment'],
  folder: string,
): Promise<Settings> {
  const settings = loadSettings({
    flags: {
      apache: join(packageRoot(), 'deploy', 'demo', 'apache.conf'),
      admin: `127.0.0.1:${await findPort()}`,
      runtimeDir: join(folder, 'run'),
      isolation: flags.isolation,
      python: flags.python,
    },
    // What is set for a real sidecar on this machine must not bend the demo.
    environment: { WSGI_SIDECAR_PYTHON: environment.WSGI_SIDECAR_PYTHON },
  });
  // Whoever tries the demo as root has no other user at hand who may read this folder.
  return { ...settings, groups: { defaults: { allowRoot: true } } };
}

type Answer = {
  readonly path: string;
  readonly url: string;
  readonly status: number;
  readonly said: Record<string, string>;
};

async function show(
  context: CliContext,
  flags: DemoFlags,
  sidecar: RunningSidecar,
  port: number,
): Promise<void> {
  const answers: Answer[] = [];
  for (const path of ['/hoge', '/moge']) answers.push(await ask(`http://127.0.0.1:${port}`, path));
  const groups = sidecar.model.groups();
  if (flags.json === true) {
    printJson(context, {
      group: flags.group,
      isolation: flags.isolation,
      admin: sidecar.admin,
      answers,
      groups,
    });
    return;
  }
  const told = answers.map(({ path, status, said }) =>
    said.SITE_NAME === undefined
      ? `    GET ${path}  answered ${status}`
      : `    GET ${path}  says  SITE_NAME = ${said.SITE_NAME}   in group ${said['application group']}, pid ${said.pid}`,
  );
  context.print(`Two applications in one virtual host, each with a config.py of its own.
WSGIApplicationGroup ${flags.group === '' ? '""' : flags.group}, isolation: ${flags.isolation}

${told.join('\n')}

${verdict(answers)}

${renderGroupTable(groups, true)}${renderSharing(groups)}${flags.once === true ? '' : invitation(answers, sidecar.admin)}`);
}

/** What to try while the demo runs. */
function invitation(answers: readonly Answer[], admin: string): string {
  return `
Try:      ${answers.map(({ url }) => `curl ${url}`).join('\n          ')}
Metrics:  curl http://${admin}/metrics
Groups:   http://${admin}/

Ctrl-C ends it.
`;
}

async function ask(origin: string, path: string): Promise<Answer> {
  const response = await fetch(`${origin}${path}`);
  const lines = (await response.text()).split('\n').map((line) => line.split(' = '));
  const said = Object.fromEntries(lines.filter((pair) => pair.length === 2)) as Record<string, string>;
  return { path, url: `${origin}${path}`, status: response.status, said };
}

/** Each application's config.py says the name of its own folder. */
function verdict(answers: readonly Answer[]): string {
  if (answers.some(({ said }) => said.SITE_NAME === undefined))
    return 'An application did not answer: the log above says why.';
  const wrong = answers.find(({ path, said }) => path !== `/${said.SITE_NAME}`);
  if (wrong === undefined)
    return `Not mixed: each application sees its own config.py.\nSee them mix:   npm start -- demo --group '%{GLOBAL}'`;
  return `MIXED: ${wrong.path} shows the SITE_NAME of "${wrong.said.SITE_NAME}". Both scripts run in one interpreter, where the first config.py
imported wins for both. This is what mod_wsgi does with this WSGIApplicationGroup.
Gone under the same names:   npm start -- demo --group '%{GLOBAL}' --isolation per-script
Gone by mod_wsgi's default:  npm start -- demo`;
}

/** A port of loopback that is free now. */
async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function waitForEnd(): { readonly asked: Promise<void>; readonly stopWatching: () => void } {
  let end: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { asked, stopWatching: watchSignals({ drain: end, abandon: end, reload: () => undefined }) };
}
