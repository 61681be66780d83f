import type { Exporter, FlowProtocol } from './exporter.ts';

/**
 * The exporters that are remembered, by address, protocol and observation domain; bounded, least recently used
 * first. The order of use is a linked list through the exporters, since it changes with every datagram.
 */
export class ExporterTable {
  evictions = 0;
  readonly #capacity: number;
  readonly #forgotten: (exporter: Exporter) => void;
  /** By key of address and protocol, then by domain: no string is built for a datagram. */
  readonly #byAddress: Readonly<Record<FlowProtocol, Map<string, Map<number, Exporter>>>> = {
    netflow1: new Map(),
    netflow5: new Map(),
    netflow7: new Map(),
    netflow9: new Map(),
    ipfix: new Map(),
    sflow5: new Map(),
  };
  readonly #keys = new Map<Exporter, string>();
  #size = 0;
  #newest: Exporter | undefined;
  #oldest: Exporter | undefined;

  /** `forgotten` is told of each exporter that has to go, while it still has everything. */
  constructor(capacity: number, forgotten: (exporter: Exporter) => void) {
    this.#capacity = capacity;
    this.#forgotten = forgotten;
  }

  get size(): number {
    return this.#size;
  }

  get oldest(): Exporter | undefined {
    return this.#oldest;
  }

  /** The exporter, which becomes the most recently used. `key`: the address, in any one form. */
  find(protocol: FlowProtocol, key: string, observationDomain: number): Exporter | undefined {
    const exporter = this.#byAddress[protocol].get(key)?.get(observationDomain);
    if (exporter !== undefined && exporter !== this.#newest) {
      this.#unlink(exporter);
      this.#link(exporter);
    }
    return exporter;
  }

  /** The exporter, without a change to the order of use. */
  peek(protocol: FlowProtocol, key: string, observationDomain: number): Exporter | undefined {
    return this.#byAddress[protocol].get(key)?.get(observationDomain);
  }

  add(key: string, exporter: Exporter): void {
    if (this.#size >= this.#capacity) this.forgetOldest();
    const domains = this.#byAddress[exporter.protocol].get(key) ?? new Map<number, Exporter>();
    this.#byAddress[exporter.protocol].set(key, domains);
    domains.set(exporter.observationDomain, exporter);
    this.#keys.set(exporter, key);
    this.#link(exporter);
    this.#size += 1;
  }

  /** Makes room; counted. */
  forgetOldest(): void {
    if (this.#oldest === undefined) return;
    this.evictions += 1;
    this.forget(this.#oldest);
  }

  forget(exporter: Exporter): void {
    this.#forgotten(exporter);
    const key = this.#keys.get(exporter) ?? '';
    const domains = this.#byAddress[exporter.protocol].get(key);
    domains?.delete(exporter.observationDomain);
    if (domains?.size === 0) this.#byAddress[exporter.protocol].delete(key);
    this.#keys.delete(exporter);
    this.#unlink(exporter);
    this.#size -= 1;
  }

  /** Least recently used first. The current one may be forgotten meanwhile. */
  *[Symbol.iterator](): IterableIterator<Exporter> {
    let exporter = this.#oldest;
    while (exporter !== undefined) {
      const next: Exporter | undefined = exporter.newer;
      yield exporter;
      exporter = next;
    }
  }

  #link(exporter: Exporter): void {
    exporter.older = this.#newest;
    exporter.newer = undefined;
    if (this.#newest === undefined) this.#oldest = exporter;
    else this.#newest.newer = exporter;
    this.#newest = exporter;
  }

  #unlink(exporter: Exporter): void {
    if (exporter.older === undefined) this.#oldest = exporter.newer;
    else exporter.older.newer = exporter.newer;
    if (exporter.newer === undefined) this.#newest = exporter.older;
    else exporter.newer.older = exporter.older;
    exporter.newer = undefined;
    exporter.older = undefined;
  }
}
