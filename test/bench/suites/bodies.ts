/** (c) A body of 1 GiB up and one down: speed against nginx, and what the sidecar and its worker grow by. */

import type { ChildProcess } from 'node:child_process';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { nginxGunicorn, nginxUwsgi } from '../peers/nginx.ts';
import { type Peer, startVerified } from '../peers/peer.ts';
import { sidecar } from '../peers/sidecar.ts';
import { descendantsOf, residentBytes } from '../process-tree.ts';
import { subjectName } from '../reaches.ts';
import { runToEnd, type Stage } from '../stage.ts';
import type { CaseResult, Sample } from '../statistics.ts';
import { chosenPeers, interleave, type SuiteContext } from './suite.ts';
import { placeApplication, wholeCores } from './whole.ts';

const bodyBytes = 1024 ** 3;
const sampleEveryMs = 20;

const peers: readonly Peer[] = [sidecar, nginxUwsgi, nginxGunicorn];

/** Measures both ways. */
export async function measureBodies(context: SuiteContext): Promise<readonly CaseResult[]> {
  const { stage } = context;
  const serves = placeApplication(stage, 'bodies.py');
  const file = sparseFile(stage);
  const running = new Map<string, RunningPeer>();
  for (const peer of chosenPeers(peers, context)) {
    const setting = { stage, cores: wholeCores, serves };
    const { url, child } = await startVerified(peer, setting, { path: '/0', body: '' });
    running.set(peer.name, { url, child });
    context.tell(`${peer.name} answers`);
  }
  const names = [...running.keys()];
  const transfer = (name: string, options: readonly string[], path: string) =>
    measureTransfer(stage, { name, path, options, ...peerOf(running, name) });
  return [
    await interleave(context, '1 GiB up', names, (name) => transfer(name, ['-T', file, '-X', 'POST'], '/')),
    await interleave(context, '1 GiB down', names, (name) => transfer(name, [], `/${bodyBytes}`)),
  ];
}

type RunningPeer = { readonly url: string; readonly child: ChildProcess };

type Transfer = RunningPeer & {
  readonly name: string;
  readonly path: string;
  /** What makes curl send, rather than fetch. */
  readonly options: readonly string[];
};

function peerOf(running: ReadonlyMap<string, RunningPeer>, name: string): RunningPeer {
  const peer = running.get(name);
  if (peer === undefined) throw new Error(`No such peer: "${name}"`);
  return peer;
}

async function measureTransfer(stage: Stage, transfer: Transfer): Promise<Sample> {
  const growth = transfer.name === subjectName ? watchGrowth(transfer.child) : undefined;
  const report = '%{http_code} %{size_upload} %{size_download} %{time_total} ';
  try {
    const output = await runToEnd(stage, {
      name: `curl against ${transfer.name}`,
      cores: wholeCores,
      timeoutMs: 120_000,
      command: [
        'curl',
        ...['--silent', '--show-error', '--fail', '--output', '/dev/null', '--write-out', report],
        ...['--header', 'Expect:', ...transfer.options, transfer.url + transfer.path],
      ],
    });
    const [status, sent = 0, received = 0, seconds = 0] = output.trim().split(' ').map(Number);
    if (status !== 200 || sent + received < bodyBytes) {
      throw new Error(`${transfer.name} cut the body short: "${output.trim()}"`);
    }
    return { megabytesPerSecond: (sent + received) / 1e6 / seconds, ...growth?.grown() };
  } finally {
    growth?.end();
  }
}

type GrowthWatch = { grown(): Sample; end(): void };

/** Samples the memory of the sidecar (the Node process) and of its group processes until it is ended. */
function watchGrowth(child: ChildProcess): GrowthWatch {
  const family = descendantsOf([child.pid ?? 0]).map(({ pid }) => pid);
  const before = new Map(family.map((pid) => [pid, residentBytes(pid)]));
  const peak = new Map(before);
  const timer = setInterval(() => {
    for (const pid of family) peak.set(pid, Math.max(peak.get(pid) ?? 0, residentBytes(pid)));
  }, sampleEveryMs);
  const grownMib = (pid: number) => ((peak.get(pid) ?? 0) - (before.get(pid) ?? 0)) / 1024 ** 2;
  return {
    grown: () => ({
      sidecarGrowthMib: grownMib(child.pid ?? 0),
      workerGrowthMib: Math.max(0, ...family.filter((pid) => pid !== child.pid).map(grownMib)),
    }),
    end: () => clearInterval(timer),
  };
}

/** A file of 1 GiB that takes no room and no time to read. */
function sparseFile(stage: Stage): string {
  const path = stage.write('body', '');
  const file = openSync(path, 'r+');
  ftruncateSync(file, bodyBytes);
  closeSync(file);
  return path;
}
