/** One configuration under two servers, of which the real Apache is the judge: what the tests of parity stand on. */
import { onTestFinished } from 'vitest';
import { type Apache, makeSite, type Site, type SiteOptions, startApache } from '../support/apache.ts';
import { duringTests } from '../support/during-tests.ts';
import { type Answer, exchange } from '../support/raw-http.ts';
import { type Sidecar, type SidecarOptions, startSidecarFor } from '../support/sidecar.ts';

/** A site, and more of the `sidecar.yaml` under which it is served. */
export type ServedOptions = SiteOptions & Pick<SidecarOptions, 'settings'>;

/** The parts are there while tests run. */
export type ServedSite = { readonly site: Site; readonly sidecar: Sidecar };

export type BesideApache = ServedSite & {
  readonly apache: Apache;
  /** Of 127.0.0.1: Apache's and the sidecar's. */
  readonly ports: readonly [there: number, here: number];
  /** The same bytes to both, one after the other. */
  exchange(bytes: string): Promise<readonly [there: Answer, here: Answer]>;
};

/** A site and a sidecar that serves it, during the tests of the block in which it is called. */
export function servedSite(options: ServedOptions): ServedSite {
  const site = siteDuringTests(options);
  const sidecar = sidecarDuringTests(site, options);
  return {
    get site() {
      return site();
    },
    get sidecar() {
      return sidecar();
    },
  };
}

/** As `servedSite`, for one test, whose `onTestFinished` is handed in where it is a concurrent one. */
export async function serveSite(
  options: ServedOptions,
  atEnd: typeof onTestFinished = onTestFinished,
): Promise<ServedSite> {
  const site = await makeSite(options);
  atEnd(() => site.folder.remove());
  const sidecar = await startSidecarFor(site, options.settings);
  atEnd(() => sidecar.stop());
  return { site, sidecar };
}

/** A site under the real Apache and under a sidecar that stands for it, during the tests of the block in which it is called. */
export function besideApache(options: ServedOptions): BesideApache {
  const site = siteDuringTests(options);
  const apache = duringTests(
    () => startApache(site()),
    (started) => started.stop(),
  );
  const sidecar = sidecarDuringTests(site, options);
  return {
    get site() {
      return site();
    },
    get apache() {
      return apache();
    },
    get sidecar() {
      return sidecar();
    },
    get ports() {
      return [site().port, sidecar().port] as const;
    },
    exchange: async (bytes) => {
      const method = bytes.slice(0, bytes.indexOf(' '));
      return [
        await exchange({ port: site().port }, bytes, method),
        await exchange({ port: sidecar().port }, bytes, method),
      ];
    },
  };
}

function siteDuringTests(options: SiteOptions): () => Site {
  return duringTests(
    () => makeSite(options),
    ({ folder }) => folder.remove(),
  );
}

function sidecarDuringTests(site: () => Site, { settings }: ServedOptions): () => Sidecar {
  return duringTests(
    () => startSidecarFor(site(), settings),
    (started) => started.stop(),
  );
}
