import { randomBytes } from 'node:crypto';
import { TokenBucket } from '../../token-bucket.ts';
import type { WarmEntry, WarmState } from '../../warm-state.ts';
import type { Element } from '../elements/registry.ts';
import type { Exporter } from '../exporter/exporter.ts';
import type { RateScope } from '../exporter/sampling.ts';
import type { HeldSet } from '../netflow/held-data.ts';
import { IPFIX_SETS } from '../netflow/ipfix.ts';
import { NETFLOW9_SETS } from '../netflow/netflow9.ts';
import type { SetNews } from '../netflow/set-decoder.ts';
import { FIRST_DATA_SET_ID, type TemplateDefinition } from '../netflow/sets.ts';
import type { Session } from '../netflow/template-store.ts';
import { ExporterWarmth, SAMPLING_KIND, START_KIND, type Tell, TEMPLATE_KIND } from './exporter-warmth.ts';
import { readOneTemplate } from './read-template.ts';
import { exporterPrefix, parseNumber, parsePorts, parseWarmKey, portWords, type WarmKey } from './warm-key.ts';
import {
  decodeElement,
  decodeHeld,
  decodeRate,
  decodeStart,
  decodeTemplate,
  encodeElement,
  encodeHeld,
} from './warm-values.ts';

const HELD_KIND = 'flow.held';
const ELEMENT_KIND = 'flow.element';

/** What of held data is told: a flood of data without templates must not become one between processes. */
const HELD_BYTES_PER_SECOND = 1 << 20;
const HELD_BURST_BYTES = 8 << 20;
/** A value's own bytes, its key, and what an entry costs on its way. */
const HELD_OVERHEAD_BYTES = 256;

const MAX_KEY_LENGTH = 256;
const RATE_SCOPES: readonly string[] = ['selector', 'interface', 'template', 'system'] satisfies RateScope[];

/** Where restored entries go. */
export interface RestoreDesk {
  /** The exporter of these; a new one where `mayAdd` says so and there is room. It counts no datagram. */
  exporter(key: WarmKey, mayAdd: boolean): Exporter | undefined;
  exporters(): Iterable<Exporter>;
  template(exporter: Exporter, session: Session, definition: TemplateDefinition, wire: string): void;
  hold(set: HeldSet<Exporter, Session>): void;
  leaveHeld(warmKey: string): void;
  held(): Iterable<HeldSet<Exporter, Session>>;
  element(element: Element): void;
  learntElements(): Iterable<Element>;
}

/**
 * The warm state of the flow decoder: templates, rates and starts of exporters, data that waits for its template, elements that
 * exporters named. Values: `warm-values.ts`. Keys: address, protocol and domain of the exporter, then what tells the entry apart.
 */
export class FlowWarmth implements WarmState, SetNews {
  onWarmChange: ((entry: WarmEntry) => void) | undefined;
  onWarmUrgent: (() => void) | undefined;
  readonly #desk: RestoreDesk;
  readonly #heldBudget = new TokenBucket(HELD_BYTES_PER_SECOND, HELD_BURST_BYTES);
  /** Sets of different processes never share a key. */
  readonly #heldPrefix = randomBytes(6).toString('hex');
  #heldSerial = 0;

  readonly #tell: Tell = (kind, key, value) => {
    this.onWarmChange?.({ kind, key, value: value?.() });
  };

  constructor(desk: RestoreDesk) {
    this.#desk = desk;
  }

  /** Follows an exporter from now on. `address`: as the listener writes it. */
  attach(exporter: Exporter, address: string): void {
    const { protocol, observationDomain, context } = exporter;
    if (protocol !== 'netflow9' && protocol !== 'ipfix') return;
    const warmth = new ExporterWarmth(exporterPrefix(protocol, address, observationDomain), context, this.#tell);
    exporter.warmth = warmth;
    exporter.store.news = warmth;
    exporter.sampling.news = warmth;
  }

  /** The key that a set is told by; undefined where it is not told. */
  held(exporter: Exporter, session: Session, templateId: number, size: number): string | undefined {
    const { warmth, context } = exporter;
    if (warmth === undefined || this.onWarmChange === undefined) return undefined;
    if (!this.#heldBudget.take(context.receivedAtMicros, size + HELD_OVERHEAD_BYTES)) return undefined;
    const serial = `${this.#heldPrefix}-${(this.#heldSerial += 1)}`;
    return `${warmth.prefix} ${portWords(session.key)} ${templateId} ${serial}`;
  }

  tellHeld(set: HeldSet<Exporter, Session>): void {
    if (set.warmKey !== undefined) this.#tell(HELD_KIND, set.warmKey, () => encodeHeld(set));
  }

  heldNoMore({ warmKey }: HeldSet<Exporter, Session>): void {
    if (warmKey !== undefined) this.#tell(HELD_KIND, warmKey, undefined);
  }

  heldReleased(): void {
    this.onWarmUrgent?.();
  }

  elementNamed(element: Element): void {
    this.#tell(ELEMENT_KIND, `${element.pen} ${element.id}`, () => encodeElement(element));
  }

  *warmEntries(): Iterable<WarmEntry> {
    for (const element of this.#desk.learntElements())
      yield { kind: ELEMENT_KIND, key: `${element.pen} ${element.id}`, value: encodeElement(element) };
    for (const exporter of this.#desk.exporters())
      yield* exporter.warmth?.entries(exporter.store, exporter.sampling) ?? [];
    for (const set of this.#desk.held())
      if (set.warmKey !== undefined) yield { kind: HELD_KIND, key: set.warmKey, value: encodeHeld(set) };
  }

  restoreWarm({ kind, key, value }: WarmEntry): void {
    if (key.length > MAX_KEY_LENGTH) return;
    if (kind === ELEMENT_KIND) return this.#restoreElement(key, value);
    const where = parseWarmKey(key);
    if (where === undefined) return;
    if (kind === TEMPLATE_KIND) this.#restoreTemplate(where, value);
    else if (kind === SAMPLING_KIND) this.#restoreRate(where, value);
    else if (kind === START_KIND) this.#restoreStart(where, value);
    else if (kind !== HELD_KIND) return;
    else if (value === undefined) this.#desk.leaveHeld(key);
    else this.#restoreHeld(where, key, value);
  }

  #restoreTemplate(where: WarmKey, value: Uint8Array | undefined): void {
    const ports = parsePorts(where.words);
    const id = parseNumber(where.words[2]);
    if (ports === undefined || id === undefined) return;
    if (value === undefined) {
      return this.#desk.exporter(where, false)?.store.discard(ports.exporterPort, ports.localPort, id);
    }
    const read = decodeTemplate(value);
    const dialect = where.protocol === 'ipfix' ? IPFIX_SETS : NETFLOW9_SETS;
    const definition = read && readOneTemplate(dialect, read.options, read.wire);
    if (read === undefined || definition?.id !== id) return;
    const exporter = this.#desk.exporter(where, true);
    if (exporter === undefined) return;
    const session = exporter.store.restoredSession(ports.exporterPort, ports.localPort);
    this.#desk.template(exporter, session, definition, read.wire.toString('latin1'));
  }

  #restoreRate(where: WarmKey, value: Uint8Array | undefined): void {
    const [scope = '', idWord] = where.words;
    const id = parseNumber(idWord);
    if (!isRateScope(scope) || id === undefined) return;
    const rate = value === undefined ? 0 : decodeRate(value);
    const exporter = rate === undefined ? undefined : this.#desk.exporter(where, value !== undefined);
    if (exporter === undefined || rate === undefined) return;
    if (rate === 0 && exporter.warmth?.keeps(`${scope} ${id}`) === true) return;
    exporter.sampling.restore({ scope, id, rate });
  }

  #restoreStart(where: WarmKey, value: Uint8Array | undefined): void {
    const micros = value === undefined ? Number.NaN : decodeStart(value);
    const exporter = micros === undefined ? undefined : this.#desk.exporter(where, value !== undefined);
    if (exporter === undefined || micros === undefined) return;
    if (Number.isNaN(micros) && exporter.warmth?.keeps('') === true) return;
    exporter.context.bootedAtMicros = micros;
  }

  #restoreHeld(where: WarmKey, warmKey: string, value: Uint8Array): void {
    const ports = parsePorts(where.words);
    const templateId = parseNumber(where.words[2], 65_535);
    const read = decodeHeld(value);
    if (ports === undefined || templateId === undefined || templateId < FIRST_DATA_SET_ID || read === undefined) return;
    const owner = this.#desk.exporter(where, true);
    if (owner === undefined) return;
    const stream = owner.store.restoredSession(ports.exporterPort, ports.localPort);
    this.#desk.hold({ owner, stream, templateId, ...read, warmKey });
  }

  #restoreElement(key: string, value: Uint8Array | undefined): void {
    const [pen, id] = key.split(' ', 2).map((word) => parseNumber(word));
    const element = value && decodeElement(value);
    if (pen !== undefined && id !== undefined && element) this.#desk.element({ pen, id, ...element });
  }
}

function isRateScope(word: string): word is RateScope {
  return RATE_SCOPES.includes(word);
}
