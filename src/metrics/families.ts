/**
 * Metric families that cost the request path nothing but an addition: a series is a cell that its owner holds
 * and adds to; labels are joined to numbers only when Prometheus asks.
 * prom-client's own `labels()` children hash and check their labels at every call (0.7 µs measured, six calls a request).
 * What stands here is the shape that `Registry` asks of a metric: `name`, `help`, `type`, `get()`.
 */

/** Label names to values; every series of a family carries the same names. */
export type Labels = Readonly<Record<string, string>>;

/** One line of an exposition. */
type Sample = {
  readonly labels: Record<string, string | number>;
  readonly value: number;
  metricName?: string;
};

/** What `Registry.getMetricsAsString` reads. */
type Exposed = { name: string; help: string; type: string; aggregator: 'sum'; values: Sample[] };

/** Counts series over all families of a registry, so that no configuration can make Prometheus drown. */
export class SeriesBudget {
  readonly #limit: number;
  #used = 0;
  #dropped = 0;

  /** `limit` is in exposition lines: a histogram's series takes one per bucket and two more. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Series that were asked for and not made. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether `lines` more fit; when they do they are taken. */
  take(lines: number): boolean {
    if (this.#used + lines > this.#limit) {
      this.#dropped += 1;
      return false;
    }
    this.#used += lines;
    return true;
  }

  giveBack(lines: number): void {
    this.#used -= lines;
  }
}

/** A number that its owner adds to. */
export type Cell = { value: number };

type FamilyOptions = { readonly name: string; readonly help: string; readonly budget: SeriesBudget };

/** A counter or gauge whose series are `Cell`s. Series beyond the budget count into a cell that nobody sees. */
export class CellFamily {
  readonly type: 'counter' | 'gauge';
  readonly aggregator = 'sum';
  name: string;
  help: string;
  readonly #budget: SeriesBudget;
  readonly #cells = new Map<string, { readonly labels: Labels; readonly cell: Cell }>();

  constructor(type: 'counter' | 'gauge', options: FamilyOptions) {
    this.type = type;
    this.name = options.name;
    this.help = options.help;
    this.#budget = options.budget;
  }

  /** The series of these labels, made when it is new. Keep it: the look-up is what the request path may not pay. */
  cell(labels: Labels): Cell {
    const key = JSON.stringify(Object.values(labels));
    const known = this.#cells.get(key);
    if (known !== undefined) return known.cell;
    const cell = { value: 0 };
    if (this.#budget.take(1)) this.#cells.set(key, { labels, cell });
    return cell;
  }

  /** Forgets a series; who still holds its cell adds to what nobody sees. */
  remove(labels: Labels): void {
    if (this.#cells.delete(JSON.stringify(Object.values(labels)))) this.#budget.giveBack(1);
  }

  /** Forgets every series, for gauges that are read anew: what is gone must not stand there with its last value, nor with 0. */
  clear(): void {
    this.#budget.giveBack(this.#cells.size);
    this.#cells.clear();
  }

  reset(): void {
    for (const { cell } of this.#cells.values()) cell.value = 0;
  }

  get(): Promise<Exposed> {
    const values: Sample[] = [];
    for (const { labels, cell } of this.#cells.values())
      values.push({ labels: { ...labels }, value: cell.value });
    const { name, help, type, aggregator } = this;
    return Promise.resolve({ name, help, type, aggregator, values });
  }
}

/** One series of a histogram: counts per bucket (not yet cumulated), and their sum. */
export class HistogramCell {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index += 1;
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#sum += value;
  }

  samples(name: string, labels: Labels): Sample[] {
    const samples: Sample[] = [];
    let total = 0;
    for (let index = 0; index <= this.#bounds.length; index += 1) {
      total += this.#counts[index] as number;
      const le = this.#bounds[index] ?? '+Inf';
      samples.push({ metricName: `${name}_bucket`, labels: { le, ...labels }, value: total });
    }
    samples.push({ metricName: `${name}_sum`, labels: { ...labels }, value: this.#sum });
    samples.push({ metricName: `${name}_count`, labels: { ...labels }, value: total });
    return samples;
  }
}

/** A histogram with fixed bounds, whose series are `HistogramCell`s. */
export class HistogramFamily {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  name: string;
  help: string;
  readonly #bounds: readonly number[];
  readonly #budget: SeriesBudget;
  readonly #cells = new Map<string, { readonly labels: Labels; readonly cell: HistogramCell }>();

  constructor(options: FamilyOptions, bounds: readonly number[]) {
    this.name = options.name;
    this.help = options.help;
    this.#budget = options.budget;
    this.#bounds = bounds;
  }

  /** The series of these labels; see `CellFamily.cell`. */
  cell(labels: Labels): HistogramCell {
    const key = JSON.stringify(Object.values(labels));
    const known = this.#cells.get(key);
    if (known !== undefined) return known.cell;
    const cell = new HistogramCell(this.#bounds);
    if (this.#budget.take(this.#bounds.length + 3)) this.#cells.set(key, { labels, cell });
    return cell;
  }

  reset(): void {
    this.#cells.clear();
  }

  get(): Promise<Exposed> {
    const { name, help, type, aggregator } = this;
    const values: Sample[] = [];
    for (const { labels, cell } of this.#cells.values()) values.push(...cell.samples(name, labels));
    return Promise.resolve({ name, help, type, aggregator, values });
  }
}
