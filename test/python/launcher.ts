/** The launcher by itself: an order on its standard input, what it says on its control pipe. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { packageRoot } from '../../src/package-root.ts';

export type ControlEvent = { readonly event: string; readonly [field: string]: unknown };

export type Launched = {
  readonly child: ChildProcess;
  readonly events: readonly ControlEvent[];
  /** The first event of that name; rejects when the process ends without it. */
  waitFor(event: string): Promise<ControlEvent>;
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
};

/** Starts `launcher.py` as the sidecar would, the one in `sources`. */
export function launch(
  python: string,
  order: object,
  environment: NodeJS.ProcessEnv = {},
  sources: string = join(packageRoot(), 'src/python'),
): Launched {
  const child = spawn(python, [join(sources, 'launcher.py')], {
    cwd: '/',
    detached: true,
    env: { PATH: '/usr/bin:/bin', ...environment },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  });
  const events: ControlEvent[] = [];
  const watchers = new Set<() => void>();
  let isOver = false;
  const announce = (): void => {
    for (const watcher of watchers) watcher();
  };
  const control = createInterface({ input: child.stdio[3] as Readable });
  control.on('line', (line) => {
    events.push(JSON.parse(line) as ControlEvent);
    announce();
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      isOver = true;
      resolve(code);
      announce();
    });
  });
  const line = JSON.stringify(order).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`,
  );
  child.stdin?.write(`${line}\n`);
  return {
    child,
    events,
    exited,
    waitFor: (event) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = events.find((one) => one.event === event);
          if (found !== undefined) resolve(found);
          else if (isOver) reject(new Error(`Ended without "${event}": ${JSON.stringify(events)}`));
          else return;
          watchers.delete(look);
        };
        watchers.add(look);
        look();
      }),
    stop: async () => {
      child.stdin?.end();
      await exited;
    },
  };
}
