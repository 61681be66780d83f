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

/** What is known of the sampling of one exporter and observation domain; learnt from headers and option data. */
export class SamplingState implements SamplingView {
  readonly override: number;
  fallback: number;
  fallbackSource: number;
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
    this.#selectors ??= new Map();
    remember(this.#selectors, id, rate);
    this.#setFallback(this.#general());
  }

  learnInterface(ifIndex: number, rate: number): void {
    this.#interfaces ??= new Map();
    remember(this.#interfaces, ifIndex, rate);
  }

  learnTemplate(templateId: number, rate: number): void {
    this.#templates ??= new Map();
    remember(this.#templates, templateId, rate);
  }

  learnSystem(rate: number): void {
    this.#system = rate;
    this.#setFallback(this.#general());
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

function remember(rates: Map<number, number>, id: number, rate: number): void {
  if (rates.size < MAX_RATES || rates.has(id)) rates.set(id, rate);
}
