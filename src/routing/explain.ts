/** Why a request goes where it goes: the decisions of `resolveRoute`, in Apache's order. */
import type { Site } from '../site/model.ts';
import type { ExplainStep } from './request-state.ts';
import { traceRoute } from './resolve.ts';
import type { FileProbe, Route, RouteRequest } from './route.ts';

/** The route and how it was found. */
export type Explanation = { readonly route: Route; readonly steps: readonly ExplainStep[] };

/** Resolves a request and keeps every decision. */
export function explainRoute(site: Site, request: RouteRequest, probe: FileProbe): Explanation {
  const steps: ExplainStep[] = [];
  const route = traceRoute(site, request, probe, (step) => {
    steps.push(step);
  });
  return { route, steps };
}
