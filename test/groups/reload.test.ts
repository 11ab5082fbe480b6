import { afterEach, describe, expect, it } from 'vitest';
import { type GroupIdentity, groupKey } from '../../src/routing/group-key.ts';
import { isRunning } from '../support/descendants.ts';
import { askOf, IDENTITY, Stage } from './stage.ts';

const HELLO = `
import os
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [('%s %s' % (os.environ.get('RELEASE'), os.getpid())).encode()]
`;

const OTHER: GroupIdentity = { ...IDENTITY, applicationGroup: 'other' };

let stage: Stage;

afterEach(async () => {
  await stage.close();
});

describe('GroupPool.reload()', () => {
  it('replaces what changed, stops what is wanted no more, and touches nothing else', async () => {
    stage = await Stage.open();
    const script = stage.folder.write('hello.wsgi', HELLO);
    await stage.get(script);
    const other = await stage.acquire(undefined, OTHER);
    if (other.kind !== 'lease') throw new Error(other.message);
    other.release('answered');
    const [id, otherId] = stage.pool.snapshot().map((group) => group.id);
    const plan = (identity: GroupIdentity) => stage.planOf(identity);
    expect(await stage.pool.reload(plan)).toMatchObject({ unchanged: [id, otherId], replaced: [] });
    stage.settings = { environment: { RELEASE: '2' } };
    const done = await stage.pool.reload((identity) =>
      groupKey(identity) === groupKey(OTHER) ? undefined : stage.planOf(identity),
    );
    expect(done).toEqual({ unchanged: [], adopted: [], replaced: [id], stopped: [otherId], kept: [] });
    expect((await stage.get(script)).text()).toMatch(/^2 /);
    expect(stage.pool.snapshot().map((group) => group.id)).toEqual([id]);
    expect(isRunning(other.upstream.pid)).toBe(false);
    await expect.poll(() => stage.events).toContain('exit:reload');
  });

  it('lets the requests of a group that goes finish, and makes a new one for who asks again', async () => {
    stage = await Stage.open();
    const script = stage.folder.write('hello.wsgi', HELLO);
    const held = await stage.lease();
    const reloaded = stage.pool.reload(() => undefined);
    const again = await stage.lease();
    expect(again.upstream.pid).not.toBe(held.upstream.pid);
    expect((await askOf(held, script)).status).toBe(200);
    held.release('answered');
    expect((await reloaded).stopped).toHaveLength(1);
    expect(isRunning(held.upstream.pid)).toBe(false);
    expect((await askOf(again, script)).status).toBe(200);
  });

  it('leaves the old process serving where the new one cannot start, and says why', async () => {
    stage = await Stage.open();
    const script = stage.folder.write('hello.wsgi', HELLO);
    const before = (await stage.get(script)).text();
    stage.settings = { python: '/nowhere/python3' };
    const { kept } = await stage.pool.reload((identity) => stage.planOf(identity));
    expect(kept).toMatchObject([{ id: stage.snapshot().id, failure: { step: 'spawn' } }]);
    expect((await stage.get(script)).text()).toBe(before);
  });
});

describe('GroupPool.identityOf()', () => {
  it('finds a group by its id', async () => {
    stage = await Stage.open();
    await stage.lease();
    expect(stage.pool.identityOf(stage.snapshot().id)).toEqual(IDENTITY);
    expect(stage.pool.identityOf('ffffffffffff')).toBeUndefined();
  });
});
