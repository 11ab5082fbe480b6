/** What waits for a busy group is bounded in number and in time, and told to come again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Refusal } from '../../src/groups/lease.ts';
import type { Stage } from '../proxy/stage.ts';
import { startStage } from '../proxy/stage.ts';
import { exchange } from '../support/raw-http.ts';
import { LAST } from './refusal.ts';

describe('a request that finds no place', () => {
  let stage: Stage;
  let refusal: Refusal;

  beforeEach(async () => {
    stage = await startStage({ acquire: () => refusal });
  });
  afterEach(() => stage.close());

  it.each([
    ['ERR_QUEUE_FULL', 'queue_full'],
    ['ERR_QUEUE_TIMEOUT', 'queue_timeout'],
    ['ERR_GROUP_LIMIT', 'group_limit'],
  ] as const)('gets 503 and is told when to try again: %s', async (code, reason) => {
    refusal = { kind: 'refusal', code, message: 'Full', retryAfterSeconds: 3 };
    const answer = await exchange(stage.target, `GET / HTTP/1.1${LAST}`);
    expect([answer.status, answer.header('retry-after')]).toEqual([503, '3']);
    expect(await stage.observed()).toMatchObject({ status: 503, reason });
  });
});
