import { afterEach, describe, expect, it } from 'vitest';
import { send } from '../support/raw-http.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import {
  answering,
  headersOf,
  ok,
  type Recorder,
  type Stage,
  type StageParts,
  startRecorder,
  startStage,
} from './stage.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function stageWith(
  answer: string,
  parts: Omit<StageParts, 'upstream'> = {},
): Promise<Stage & { recorder: Recorder }> {
  const folder = makeTemporaryFolder();
  const recorder = await startRecorder(folder.path, answering(answer));
  const stage = await startStage({ upstream: recorder.upstream, ...parts });
  cleanups.push(
    () => folder.remove(),
    () => recorder.die(),
    () => stage.close(),
  );
  return { ...stage, recorder };
}

describe('Front', () => {
  it('passes an answer of a group process on', async () => {
    const stage = await stageWith(ok('hello'));
    const answer = await send(stage.target, '/app/x?y=1');
    expect(answer.text()).toBe('hello');
    expect(await stage.observed()).toMatchObject({
      status: 200,
      responseBytes: 5,
      arm: 'sidecar',
      pid: 4711,
    });
    expect(headersOf(stage.recorder.received[0] ?? '').get('x-sidecar-request')).toContain(
      '"REQUEST_URI":"/app/x?y=1"',
    );
  });
});
