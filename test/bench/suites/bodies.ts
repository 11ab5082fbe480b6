/** (c) A body of 1 GiB up and one down: speed against nginx, and what the sidecar and its worker grow by. */
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { placeApplication } from '../apps.ts';
import { nginxGunicorn, nginxUwsgi } from '../peers/nginx.ts';
import type { Peer, RunningPeer } from '../peers/peer.ts';
import { sidecar } from '../peers/sidecar.ts';
import { descendantsOf, residentBytes } from '../process-tree.ts';
import { subjectName } from '../reaches.ts';
import { runToEnd, type Stage } from '../stage.ts';
import type { CaseResult, Sample } from '../statistics.ts';
import { interleave, type SuiteContext, sharedCores, startPeers } from './suite.ts';

const bodyBytes = 1024 ** 3;
const sampleEveryMs = 20;

const peers: readonly Peer[] = [sidecar, nginxUwsgi, nginxGunicorn];

/** Measures both ways. */
export async function measureBodies(context: SuiteContext): Promise<readonly CaseResult[]> {
  const { stage } = context;
  const running = await startPeers(context, peers, {
    cores: sharedCores,
    serves: placeApplication(stage, 'bodies.py'),
    expected: { path: '/0', body: '' },
  });
  const up = ['--upload-file', sparseFile(stage), '--request', 'POST', '--header', 'Expect:'];
  return [
    await interleave(context, '1 GiB up', running, (peer) => transfer(stage, peer, [...up, `${peer.url}/`])),
    await interleave(context, '1 GiB down', running, (peer) =>
      transfer(stage, peer, [`${peer.url}/${bodyBytes}`]),
    ),
  ];
}

/** Runs curl with the given options; throws unless the answer was 200 and every byte went through. */
async function transfer(stage: Stage, peer: RunningPeer, options: readonly string[]): Promise<Sample> {
  const growth = peer.name === subjectName ? watchGrowth(peer.child.pid ?? 0) : undefined;
  const report = '%{http_code} %{size_upload} %{size_download} %{time_total} ';
  const quiet = ['--silent', '--show-error', '--fail', '--output', '/dev/null', '--write-out', report];
  try {
    const output = await runToEnd(stage, {
      name: 'curl',
      cores: sharedCores,
      timeoutMs: 120_000,
      command: ['curl', ...quiet, ...options],
    });
    const [status, sent = 0, received = 0, seconds = 0] = output.trim().split(' ').map(Number);
    if (status !== 200 || sent + received < bodyBytes) {
      throw new Error(`the body was cut short: "${output.trim()}"`);
    }
    return { megabytesPerSecond: (sent + received) / 1e6 / seconds, ...growth?.grown() };
  } finally {
    growth?.end();
  }
}

type GrowthWatch = { grown(): Sample; end(): void };

/** Samples the memory of the sidecar, process `root`, and of its group processes until it is ended. */
function watchGrowth(root: number): GrowthWatch {
  const family = descendantsOf([root]).map(({ pid }) => pid);
  const before = new Map(family.map((pid) => [pid, residentBytes(pid)]));
  const peak = new Map(before);
  const timer = setInterval(() => {
    for (const pid of family) peak.set(pid, Math.max(peak.get(pid) ?? 0, residentBytes(pid)));
  }, sampleEveryMs);
  const grownMib = (pid: number) => ((peak.get(pid) ?? 0) - (before.get(pid) ?? 0)) / 1024 ** 2;
  return {
    grown: () => ({
      sidecarGrowthMib: grownMib(root),
      workerGrowthMib: Math.max(0, ...family.filter((pid) => pid !== root).map(grownMib)),
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
