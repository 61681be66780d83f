import { SAMPLING_SOURCE, type SamplingView } from '../record/record.ts';
import { parsePrefix, type Prefix } from '../../ip-address.ts';

/** What an operator says of sampling. Rates are "1 in N". */
export interface SamplingOptions {
  /** For exporters that say nothing of it; absent: unknown stays unknown. */
  readonly default?: number;
  /** Goes before what the exporter says. `exporter`: an address or a prefix; the longest match counts. */
  readonly overrides?: readonly { readonly exporter: string; readonly rate: number }[];
}

/** The operator's word, prepared for look-ups. */
export class SamplingConfiguration {
  readonly defaultRate: number;
  readonly #overrides: { readonly prefix: Prefix; readonly rate: number }[];

  /** @throws DogwatchError `BAD_ADDRESS` for an override that is no address and no prefix. */
  constructor(options: SamplingOptions) {
    this.defaultRate = options.default ?? 0;
    this.#overrides = (options.overrides ?? [])
      .map(({ exporter, rate }) => ({ prefix: parsePrefix(exporter), rate }))
      .sort((a, b) => b.prefix.bits - a.prefix.bits);
  }

  /** The override for an exporter, 0 where there is none. `address`: 4 or 16 bytes. */
  overrideFor(address: Buffer): number {
    return this.#overrides.find(({ prefix }) => prefix.matches(address))?.rate ?? 0;
  }
}

/** Selectors and interfaces of one exporter that are remembered; further ones are not learnt. */
const MAX_RATES = 4096;

/** To whom a rate belongs: a selector, an interface, the records of a template, or the whole exporter (id 0). */
export type RateScope = 'selector' | 'interface' | 'template' | 'system';

export interface LearntRate {
  readonly scope: RateScope;
  readonly id: number;
  readonly rate: number;
}

/** Is told each rate that option data names. `isNews`: it was another one, or none. */
export interface RateNews {
  rateLearnt(scope: RateScope, id: number, rate: number, isNews: boolean): void;
}

/** What is known of the sampling of one exporter and observation domain; learnt from headers and option data. */
export class SamplingState implements SamplingView {
  readonly override: number;
  fallback: number;
  fallbackSource: number;
  news: RateNews | undefined;
  readonly #defaultRate: number;
  // Most exporters need none of these; 10,000 spoofed ones must not cost much.
  #selectors: Map<number, number> | undefined;
  #interfaces: Map<number, number> | undefined;
  #templates: Map<number, number> | undefined;
  #system = 0;

  constructor(override: number, defaultRate: number) {
    this.override = override;
    this.#defaultRate = defaultRate;
    this.fallback = defaultRate;
    this.fallbackSource = SAMPLING_SOURCE.configuredDefault;
  }

  rateOfSelector(id: number): number {
    return this.#selectors?.get(id) ?? 0;
  }

  rateOfInterface(ifIndex: number): number {
    return this.#interfaces?.get(ifIndex) ?? 0;
  }

  /** The rate in the header of a datagram (NetFlow 5, sFlow has its own in each sample); 0: not given. */
  useHeader(rate: number): void {
    this.fallback = rate > 0 ? rate : this.#defaultRate;
    this.fallbackSource = rate > 0 ? SAMPLING_SOURCE.header : SAMPLING_SOURCE.configuredDefault;
  }

  /** Chooses the fallback for the records of a template. */
  useTemplate(templateId: number): void {
    if (this.#templates === undefined) return;
    this.#setFallback(this.#templates.get(templateId) ?? this.#general());
  }

  learnSelector(id: number, rate: number): void {
    this.#learn('selector', id, rate);
  }

  learnInterface(ifIndex: number, rate: number): void {
    this.#learn('interface', ifIndex, rate);
  }

  learnTemplate(templateId: number, rate: number): void {
    this.#learn('template', templateId, rate);
  }

  learnSystem(rate: number): void {
    this.#learn('system', 0, rate);
  }

  /** What another process learnt; 0: it is not known any more. */
  restore({ scope, id, rate }: LearntRate): void {
    if (rate > 0) this.#put(scope, id, rate);
    else if (scope === 'system') this.#system = 0;
    else this.#ratesOf(scope)?.delete(id);
    if (scope === 'selector' || scope === 'system') this.#setFallback(this.#general());
  }

  /** All that was learnt. */
  *learnt(): Iterable<LearntRate> {
    for (const scope of ['selector', 'interface', 'template'] as const)
      for (const [id, rate] of this.#ratesOf(scope) ?? []) yield { scope, id, rate };
    if (this.#system > 0) yield { scope: 'system', id: 0, rate: this.#system };
  }

  #learn(scope: RateScope, id: number, rate: number): void {
    const before = scope === 'system' ? this.#system : this.#ratesOf(scope)?.get(id);
    const isKept = this.#put(scope, id, rate);
    if (scope === 'selector' || scope === 'system') this.#setFallback(this.#general());
    if (isKept) this.news?.rateLearnt(scope, id, rate, before !== rate);
  }

  /** False: there is no room for it. */
  #put(scope: RateScope, id: number, rate: number): boolean {
    if (scope === 'system') this.#system = rate;
    else if (scope === 'selector') return remember((this.#selectors ??= new Map()), id, rate);
    else if (scope === 'interface') return remember((this.#interfaces ??= new Map()), id, rate);
    else return remember((this.#templates ??= new Map()), id, rate);
    return true;
  }

  #ratesOf(scope: Exclude<RateScope, 'system'>): Map<number, number> | undefined {
    if (scope === 'selector') return this.#selectors;
    return scope === 'interface' ? this.#interfaces : this.#templates;
  }

  /** For the whole exporter; else, of selectors that all agree, theirs: records need not name the only one there is. */
  #general(): number {
    if (this.#system > 0 || this.#selectors === undefined) return this.#system;
    const rates = new Set(this.#selectors.values());
    return rates.size === 1 ? (rates.values().next().value ?? 0) : 0;
  }

  #setFallback(rate: number): void {
    this.fallback = rate > 0 ? rate : this.#defaultRate;
    this.fallbackSource = rate > 0 ? SAMPLING_SOURCE.options : SAMPLING_SOURCE.configuredDefault;
  }
}

function remember(rates: Map<number, number>, id: number, rate: number): boolean {
  if (rates.size >= MAX_RATES && !rates.has(id)) return false;
  rates.set(id, rate);
  return true;
}
