/** What went wrong in a group, as it is kept to be shown. */
import type { WallTime } from './clock.ts';
import type { JourneyReport } from './journey.ts';

/** The last start that failed or process that crashed; kept until the group is dropped. */
export type FailureSnapshot = {
  readonly at: WallTime;
  readonly step: string;
  readonly message: string;
  readonly traceback?: string;
  readonly journey?: JourneyReport;
};

/** A script that could not be imported; its mounts answer 500, the group serves the others. */
export type ScriptFailure = {
  readonly at: WallTime;
  readonly script: string;
  readonly message: string;
  readonly traceback: string;
};
