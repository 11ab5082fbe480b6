import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from './stage.ts';

const SCRIPT = `
import os
def application(environ, start_response):
    if environ['PATH_INFO'] == '/burn':
        while not os.path.exists(environ['SCRIPT_FILENAME'] + '.enough'):
            for _ in range(20000):
                pass
    start_response('200 OK', [])
    return [str(os.getpid()).encode()]
`;

let stage: Stage | undefined;

afterEach(async () => {
  await stage?.close();
});

describe('Group', () => {
  it('replaces a process whose CPU time is over, and answers every request', async () => {
    stage = await Stage.open({ settings: { cpuTimeLimitMs: 1_000, threads: 2 } });
    const script = stage.folder.write('app.wsgi', SCRIPT);
    const first = (await stage.get(script)).text();
    const burning = stage.get(script, '/burn');
    await expect.poll(() => stage?.events).toContain('start:cpu_time_limit');
    stage.folder.write('app.wsgi.enough', '');
    expect((await burning).text()).toBe(first);
    await expect.poll(() => stage?.events).toContain('exit:cpu_time_limit');
    expect((await stage.get(script)).text()).not.toBe(first);
    expect(stage.events.filter((event) => event.startsWith('exit:'))).toEqual(['exit:cpu_time_limit']);
  });
});
