/** The state of a group with what belongs to it, so that an impossible combination cannot be written. */

type Common = {
  /** Unix time in ms. */
  readonly since: number;
  readonly reason: string;
};

export type Condition =
  | (Common & { readonly state: 'idle' | 'starting' | 'ready' | 'draining' })
  | (Common & {
      readonly state: 'backing_off';
      readonly until: number;
      readonly problem: string;
      /** After a crash requests may wait for the restart; after a failed start they are refused at once. */
      readonly after: 'crash' | 'boot-failure';
    })
  | (Common & { readonly state: 'failed'; readonly until: number; readonly problem: string });
