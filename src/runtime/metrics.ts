import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * The door to `prom-client`. Hot paths keep plain numbers of their own and give them out in `collect`, when somebody
 * asks; nothing on the way of a datagram touches this file.
 */
export class Metrics {
  readonly #registry = new Registry();

  counter<L extends string>(name: string, help: string, labels: readonly L[] = []): Counter<L> {
    return new Counter({ name: `dogwatch_${name}`, help, labelNames: labels, registers: [this.#registry] });
  }

  /** A gauge, set by hand or by `collect` at each scrape. */
  gauge<L extends string>(name: string, help: string, labels: readonly L[] = [], collect?: (gauge: Gauge<L>) => void) {
    return new Gauge<L>({
      name: `dogwatch_${name}`,
      help,
      labelNames: labels,
      registers: [this.#registry],
      ...(collect === undefined
        ? {}
        : {
            collect(this: Gauge<L>) {
              this.reset();
              collect(this);
            },
          }),
    });
  }

  /** A counter whose value is read at each scrape from a total that somebody else keeps. */
  observedCounter<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    collect: (add: (labels: Record<L, string>, total: number) => void) => void,
  ): void {
    const counter = new Counter<L>({
      name: `dogwatch_${name}`,
      help,
      labelNames: labels,
      collect(this: Counter<L>) {
        this.reset();
        collect((values, total) => this.inc(values, total));
      },
      registers: [],
    });
    this.#registry.registerMetric(counter);
  }

  histogram<L extends string>(name: string, help: string, buckets: number[], labels: readonly L[] = []): Histogram<L> {
    return new Histogram({ name: `dogwatch_${name}`, help, labelNames: labels, buckets, registers: [this.#registry] });
  }

  /** The Prometheus text exposition format. */
  async exposition(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
