/**
 * Groups that only requests can make: by a declared port in Host, a pattern, a folder of scripts, a dispatch script. For each
 * one request is kept that led there, so that a reload can ask whether the next site would still lead it there.
 */
import type { GroupIdentity, GroupKey } from '../routing/group-key.ts';
import { resolveRoute } from '../routing/resolve.ts';
import type { FileProbe, Route, RouteRequest } from '../routing/route.ts';
import type { Site } from '../site/model.ts';

/** Requests that are kept; beyond, the oldest is forgotten, and its group ends with the next reload if nothing declares it. */
const MAX_KEPT = 1000;

export class AskedGroups {
  readonly #requests = new Map<GroupKey, RouteRequest>();
  readonly #probe: Pick<FileProbe, 'kind'>;

  constructor(probe: Pick<FileProbe, 'kind'>) {
    this.#probe = probe;
  }

  /** Remembers who led to a group first. */
  note(request: RouteRequest, route: Route): void {
    if (route.kind === 'wsgi' && !this.#requests.has(route.key)) this.adopt(route.key, request);
  }

  /** The request that first led to a group. */
  requestOf(key: GroupKey): RouteRequest | undefined {
    return this.#requests.get(key);
  }

  /** Takes over what another sidecar remembers. */
  adopt(key: GroupKey, request: RouteRequest): void {
    if (this.#requests.size >= MAX_KEPT) {
      const [oldest] = this.#requests.keys();
      if (oldest !== undefined) this.#requests.delete(oldest);
    }
    this.#requests.set(key, request);
  }

  /** Whether the request that made a group would make it under this site. What a dispatch script said once, it is taken to say again. */
  isMadeBy(site: Site, identity: GroupIdentity, key: GroupKey): boolean {
    const request = this.#requests.get(key);
    if (request === undefined) return false;
    const { processGroup, applicationGroup } = identity;
    const dispatch = (): { kind: 'names'; processGroup: string; applicationGroup: string } => ({
      kind: 'names',
      processGroup,
      applicationGroup,
    });
    const route = resolveRoute(site, request, { kind: this.#probe.kind, dispatch });
    return route.kind === 'wsgi' && route.key === key;
  }
}
