/** The series of one pair (process group, application group): cells found once, then added to by every request. */
import { displayName } from '../routing/group-key.ts';
import type { Catalogue } from './catalogue.ts';
import type { Cell, HistogramCell, Labels } from './families.ts';

/** Stands where a request has no declared group or no mount. */
export const UNKNOWN = '__unknown__';

type Arm = 'sidecar' | 'legacy';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT'];

/** The `method` label: one of the nine of RFC 9110 and RFC 5789, or OTHER. */
function methodLabel(method: string): string {
  return METHODS.includes(method) ? method : 'OTHER';
}

/** A configuration's byte string as a label value: UTF-8 text, and never empty, which to Prometheus is no label. */
export function nameLabel(bytes: string): string {
  return displayName(textOf(bytes));
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** All that one request adds to, found by group, mount, arm and method without building labels. */
export class GroupSeries {
  readonly labels: Labels;
  readonly requestBytes: Cell;
  readonly responseBytes: Cell;
  readonly clientAborts: Cell;
  readonly inFlight: Cell;
  readonly queueWait: HistogramCell;
  readonly #catalogue: Catalogue;
  readonly #requests: Readonly<Record<Arm, Map<string, Map<string, Cell[]>>>> = {
    sidecar: new Map(),
    legacy: new Map(),
  };
  readonly #durations = new Map<Arm, HistogramCell[]>();
  readonly #upstream = new Map<Arm, HistogramCell>();
  #lastSuccess: Cell | undefined;

  constructor(catalogue: Catalogue, processGroup: string, applicationGroup: string) {
    this.labels = { application_group: applicationGroup, process_group: processGroup };
    this.#catalogue = catalogue;
    this.requestBytes = catalogue.request_body_bytes_total.cell(this.labels);
    this.responseBytes = catalogue.response_body_bytes_total.cell(this.labels);
    this.clientAborts = catalogue.client_aborts_total.cell(this.labels);
    this.inFlight = catalogue.requests_in_flight.cell(this.labels);
    this.#lastSuccess = catalogue.group_last_success_timestamp_seconds.cell(this.labels);
    this.queueWait = catalogue.queue_wait_seconds.cell(this.labels);
  }

  requests(mount: string, arm: Arm, method: string, code: number): Cell {
    const byMethod = entry(this.#requests[arm], mount, () => new Map<string, Cell[]>());
    const byCode = entry(byMethod, method, () => []);
    const known = byCode[code];
    if (known !== undefined) return known;
    const labels = {
      ...this.labels,
      mount: textOf(mount),
      arm,
      method: methodLabel(method),
      code: String(code),
    };
    const cell = this.#catalogue.requests_total.cell(labels);
    // A client may invent methods: only the nine are remembered by their own name.
    if (labels.method === method) byCode[code] = cell;
    else byMethod.delete(method);
    return cell;
  }

  durations(arm: Arm, status: number): HistogramCell {
    const byClass = entry(this.#durations, arm, () => []);
    const hundreds = Math.trunc(status / 100);
    const known = byClass[hundreds];
    if (known !== undefined) return known;
    const labels = { ...this.labels, arm, status_class: `${hundreds}xx` };
    const cell = this.#catalogue.request_duration_seconds.cell(labels);
    byClass[hundreds] = cell;
    return cell;
  }

  /** In seconds since 1970. */
  succeeded(at: number): void {
    this.#lastSuccess ??= this.#catalogue.group_last_success_timestamp_seconds.cell(this.labels);
    this.#lastSuccess.value = at;
  }

  /** An alert on its age would never end once the group is gone. */
  forgetSuccess(): void {
    this.#catalogue.group_last_success_timestamp_seconds.remove(this.labels);
    this.#lastSuccess = undefined;
  }

  /** Made when a first one is opened: most groups can have none. */
  webSockets(): Cell {
    return this.#catalogue.websockets_active.cell(this.labels);
  }

  /** `bytes` in both directions. */
  webSocketClosed(bytes: number): void {
    this.webSockets().value -= 1;
    this.#catalogue.websocket_bytes_total.cell(this.labels).value += bytes;
  }

  upstreamResponse(arm: Arm): HistogramCell {
    return entry(this.#upstream, arm, () =>
      this.#catalogue.upstream_response_seconds.cell({ ...this.labels, arm }),
    );
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
