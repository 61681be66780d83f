import { DogwatchError } from '../../../src/runtime/errors.ts';
import type { FlowSinks } from '../sinks.ts';
import type { DecodeReason } from '../decode-trouble.ts';
import type { Element, ElementRegistry } from '../elements/registry.ts';
import type { Exporter } from '../exporter/exporter.ts';
import { HeldArrival } from '../exporter/sequence.ts';
import { HeldData, type HeldLimits, type HeldSet } from './held-data.ts';
import { type OptionFindings, OptionReader } from './option-data.ts';
import { OptionRows } from './option-rows.ts';
import { ProgramCache, type RecordProgram } from '../record/record-program.ts';
import { type SetDialect, type SetVisitor, type TemplateDefinition, walkSets } from './sets.ts';
import { fits, isUsable, MAX_PADDING_BYTES, newTemplate, smallestRecord } from './template-shape.ts';
import type { Session, Template } from './template-store.ts';
import type { TokenBucket } from '../../token-bucket.ts';

/** For tools that show what exporters define; called while a datagram is decoded, so it must be quick. */
export interface FlowObserver {
  /** Each definition on the wire, also a repeated one. */
  template?(exporter: Exporter, template: Template): void;
  /** Each option record. `bytes` from `start` to `end`: the record. */
  optionRecord?(exporter: Exporter, template: Template, bytes: Buffer, start: number, end: number): void;
}

/** What is counted over all exporters, since the start. */
export interface SetTotals {
  records: number;
  rows: number;
  optionRecords: number;
  /** Definitions on the wire, repeated ones included; `optionTemplates` likewise, apart. */
  templates: number;
  optionTemplates: number;
  /** Sets that had to wait; of those: decoded later, or given up. */
  held: number;
  decodedFromHold: number;
  heldExpired: number;
  /** Compilations put off, since there had been too many. */
  compilationsDeferred: number;
}

/** Is told of what other processes shall know, beside what exporters tell themselves. */
export interface SetNews {
  /** The key that a set shall be told by; undefined where it is not told. */
  held(exporter: Exporter, session: Session, templateId: number, size: number): string | undefined;
  tellHeld(set: HeldSet<Exporter, Session>): void;
  /** It was decoded, or given up. */
  heldNoMore(set: HeldSet<Exporter, Session>): void;
  /** Some were decoded: what was told of it should be on its way before their rows are anywhere. */
  heldReleased(): void;
  elementNamed(element: Element): void;
}

export interface SetDecoderParts {
  readonly registry: ElementRegistry;
  readonly sinks: FlowSinks;
  readonly heldLimits: HeldLimits;
  readonly compilations: TokenBucket;
  readonly totals: SetTotals;
  readonly observer: FlowObserver;
  readonly news: SetNews;
  /** Something was counted at an exporter, maybe without a datagram. */
  counted(exporter: Exporter): void;
  /** Counts and reports; of the exporter at hand. */
  trouble(exporter: Exporter, reason: DecodeReason, detail: string): void;
}

/** Data that waits no more, and what it is decoded by. */
interface ReleasedSet {
  readonly set: HeldSet<Exporter, Session>;
  readonly template: Template;
}

const NO_LIMIT = 0x7f_ff_ff_ff;
/** A template of up to so many fields, as nearly all are, takes one token of the compilation budget. */
const FIELDS_PER_COMPILATION = 32;

/**
 * Decodes the sets of NetFlow v9 and IPFIX: takes in templates, runs their programs over data, reads option data, and
 * holds data until its template is there. Sets are decoded in the order in which they came, and what was held
 * before anything later that needs the same template.
 */
export class SetDecoder implements SetVisitor, OptionFindings {
  /** Of the last datagram: data and option records. */
  records = 0;
  /** Of the last datagram: data of an unknown number of records that had to be held, if any. */
  arrival: HeldArrival | undefined;
  readonly #parts: SetDecoderParts;
  #programs: ProgramCache;
  /** Elements that exporters named, in order: a program that was compiled before the name of a field is out of date. */
  readonly #namedAt = new Map<number, number>();
  #names = 0;
  #programsNames = 0;
  readonly #optionReader: OptionReader;
  readonly #optionRows: OptionRows;
  readonly #held: HeldData<Exporter, Session>;
  #compiled = 0;
  /** For lists of structured data (RFC 6313), whose templates are those of their session. */
  readonly #lookupTemplate = (id: number) => this.#exporter.store.find(this.#session, id)?.fields;
  // The datagram at hand.
  #exporter!: Exporter;
  #session!: Session;

  constructor(parts: SetDecoderParts) {
    this.#parts = parts;
    this.#programs = new ProgramCache(parts.registry);
    this.#optionReader = new OptionReader(parts.registry);
    this.#optionRows = new OptionRows(parts.sinks);
    this.#held = new HeldData(parts.heldLimits, (set) => {
      set.owner.heldExpired += 1;
      set.arrival?.giveUp();
      parts.counted(set.owner);
      parts.totals.heldExpired += 1;
      parts.news.heldNoMore(set);
    });
  }

  /** Sets that wait for their template now. */
  get waiting(): number {
    return this.#held.size;
  }

  get waitingBytes(): number {
    return this.#held.bytes;
  }

  /** Decodes the sets between `start` and `end`. The exporter's context holds what the header says. */
  decode(bytes: Buffer, start: number, end: number, dialect: SetDialect, exporter: Exporter, session: Session): void {
    this.#exporter = exporter;
    this.#session = session;
    this.records = 0;
    this.arrival = undefined;
    exporter.context.lookupTemplate = this.#lookupTemplate;
    walkSets(bytes, start, end, dialect, this);
  }

  /** Gives up what has waited too long, and tries again what waits only for its compilation. */
  sweep(nowMicros: number): void {
    for (const { owner, templateId } of this.#held.keys()) this.#decodeHeld(owner, templateId, nowMicros);
    this.#held.expire(nowMicros);
  }

  /** An exporter is forgotten: what it left waiting cannot be decoded any more. */
  forget(exporter: Exporter): void {
    this.#held.dropAll(exporter);
    exporter.store.clear();
  }

  template(definition: TemplateDefinition, bytes: Buffer, start: number, end: number): void {
    const { id, options } = definition;
    const { store } = this.#exporter;
    if (!isUsable(definition.fields)) return this.refuse(id, 'bad_template');
    if (options) this.#parts.totals.optionTemplates += 1;
    else this.#parts.totals.templates += 1;
    let template = this.#session.templates.get(id);
    const wire = bytes.toString('latin1', start, end);
    if (template?.options === options && template.definition === wire) store.confirm(template);
    else {
      template = newTemplate(definition, wire);
      store.define(this.#session, template);
    }
    // Others that hold the same data hear first that it is decoded here, and then the template.
    const released = this.#releaseHeld(this.#exporter, id, this.#exporter.context.receivedAtMicros);
    if (this.#session.templates.get(id) !== template) return;
    this.#exporter.warmth?.templateLearnt(this.#session, template);
    this.#parts.observer.template?.(this.#exporter, template);
    this.#decodeReleased(this.#exporter, released);
  }

  refuse(templateId: number, reason: DecodeReason): void {
    this.#exporter.store.withdraw(this.#session, templateId);
    this.trouble(reason, `template ${templateId}`);
  }

  withdraw(templateId: number): void {
    this.#exporter.store.withdraw(this.#session, templateId);
  }

  withdrawAll(options: boolean): void {
    this.#exporter.store.withdrawAll(this.#session, options);
  }

  data(templateId: number, bytes: Buffer, start: number, end: number): void {
    const exporter = this.#exporter;
    const now = exporter.context.receivedAtMicros;
    const compiled = this.#compiled;
    const template = this.#usable(exporter, this.#session, templateId, end - start, now);
    if (template === undefined) return this.#hold(templateId, bytes, start, end);
    // What waits for a template that was known before waits for its compilation.
    if (this.#compiled !== compiled && this.#held.waits(exporter, templateId)) {
      this.#decodeHeld(exporter, templateId, now);
    }
    this.records += this.#decodeData(exporter, template, bytes, start, end);
  }

  trouble(reason: DecodeReason, detail: string): void {
    this.#parts.trouble(this.#exporter, reason, detail);
  }

  interfaceNamed(ifIndex: number, name: string, description: string): void {
    this.#optionRows.interfaceNamed(this.#exporter, ifIndex, name, description);
  }

  applicationNamed(applicationId: string, name: string, description: string, category: string): void {
    this.#optionRows.applicationNamed(this.#exporter, applicationId, name, description, category);
  }

  bootedAt(micros: number): void {
    const { context, warmth } = this.#exporter;
    const isNews = context.bootedAtMicros !== micros;
    context.bootedAtMicros = micros;
    warmth?.startLearnt(micros, isNews);
  }

  elementNamed(pen: number, id: number): void {
    this.#rename(pen, id);
    const element = this.#parts.registry.find(pen, id);
    if (element !== undefined) this.#parts.news.elementNamed(element);
  }

  /** Takes over a template of another process, and decodes what waits for it. */
  restoreTemplate(exporter: Exporter, session: Session, definition: TemplateDefinition, wire: string): void {
    const { store, lastSeenMicros } = exporter;
    const { id, options } = definition;
    if (!isUsable(definition.fields)) return;
    const known = session.templates.get(id);
    if (known?.options === options && known.definition === wire) {
      known.toldAtMicros = 0;
      store.confirm(known);
    } else store.define(session, newTemplate(definition, wire));
    if (this.#held.waits(exporter, id)) this.#decodeHeld(exporter, id, lastSeenMicros);
  }

  /** Takes over a set that waits for its template; it is tried at the next `sweep`, or when its template comes. */
  restoreHeld(set: HeldSet<Exporter, Session>): void {
    this.#held.hold(set);
  }

  /** Another process decodes it, or has given it up. */
  leaveHeld(warmKey: string): void {
    const set = this.#held.find(warmKey);
    if (set === undefined) return;
    set.arrival?.giveUp();
    this.#held.release(set);
  }

  restoreElement(element: Element): void {
    if (this.#parts.registry.define(element)) this.#rename(element.pen, element.id);
  }

  /** Sets that wait now, oldest first. */
  heldSets(): Iterable<HeldSet<Exporter, Session>> {
    return this.#held.all();
  }

  *learntElements(): Iterable<Element> {
    for (const key of this.#namedAt.keys()) {
      const element = this.#parts.registry.find(Math.floor(key / 65_536), key % 65_536);
      if (element !== undefined) yield element;
    }
  }

  #rename(pen: number, id: number): void {
    this.#names += 1;
    this.#namedAt.set(pen * 65_536 + id, this.#names);
  }

  /** Whether the program has all the names that are known now. */
  #isUpToDate(template: Template): boolean {
    if (template.names === this.#names) return true;
    const { fields, names } = template;
    if (fields.some(({ pen, id }) => (this.#namedAt.get(pen * 65_536 + id) ?? 0) > names)) return false;
    template.names = this.#names;
    return true;
  }

  /** The template for a set of `length` bytes if it is known, fits, and can be run now. */
  #usable(exporter: Exporter, session: Session, id: number, length: number, nowMicros: number): Template | undefined {
    const template = exporter.store.find(session, id);
    if (template === undefined) return undefined;
    if (!exporter.store.isOwn(session, template) && !fits(template, length)) return undefined;
    if (template.options || (template.program !== undefined && this.#isUpToDate(template))) return template;
    // One that is only out of date is used until there is a newer one.
    template.program = this.#compile(exporter, template, session, nowMicros) ?? template.program;
    return template.program === undefined ? undefined : template;
  }

  #compile(exporter: Exporter, template: Template, session: Session, nowMicros: number): RecordProgram | undefined {
    if (this.#programsNames !== this.#names) {
      this.#programs = new ProgramCache(this.#parts.registry);
      this.#programsNames = this.#names;
    }
    const cost = Math.ceil(template.fields.length / FIELDS_PER_COMPILATION);
    if (!this.#programs.has(template.fields) && !this.#parts.compilations.take(nowMicros, cost)) {
      this.#parts.totals.compilationsDeferred += 1;
      return undefined;
    }
    try {
      this.#compiled += 1;
      template.names = this.#names;
      return this.#programs.get(template.fields);
    } catch (error) {
      if (!(error instanceof DogwatchError)) throw error;
      exporter.store.withdraw(session, template.id);
      const reason = error.code === 'TOO_MANY_FIELDS' ? 'too_many_fields' : 'bad_template';
      this.#parts.trouble(exporter, reason, error.message);
      return undefined;
    }
  }

  #hold(templateId: number, bytes: Buffer, start: number, end: number): void {
    const exporter = this.#exporter;
    const { receivedAtMicros, exportedAtMicros, uptimeMs } = exporter.context;
    this.arrival ??= new HeldArrival();
    this.arrival.waiting += 1;
    exporter.held += 1;
    this.#parts.totals.held += 1;
    const { news } = this.#parts;
    const set = {
      owner: exporter,
      stream: this.#session,
      templateId,
      contents: bytes.toString('latin1', start, end),
      receivedAtMicros,
      exportedAtMicros,
      uptimeMs,
      arrival: this.arrival,
      warmKey: news.held(exporter, this.#session, templateId, end - start),
    };
    news.tellHeld(set);
    this.#held.hold(set);
  }

  /** Decodes what waits for a template of this exporter, oldest first, as far as it can be. */
  #decodeHeld(exporter: Exporter, templateId: number, nowMicros: number): void {
    this.#decodeReleased(exporter, this.#releaseHeld(exporter, templateId, nowMicros));
  }

  #decodeReleased(exporter: Exporter, released: readonly ReleasedSet[]): void {
    if (released.length === 0) return;
    this.#parts.news.heldReleased();
    const [current, session] = [this.#exporter, this.#session];
    this.#exporter = exporter;
    const { receivedAtMicros, exportedAtMicros, uptimeMs } = exporter.context;
    for (const { set, template } of released) this.#decodeHeldSet(set, template);
    Object.assign(exporter.context, { receivedAtMicros, exportedAtMicros, uptimeMs });
    this.#exporter = current;
    this.#session = session;
  }

  /** Others are told before there are rows: a successor that believed these sets to be waiting would decode them again. */
  #releaseHeld(exporter: Exporter, templateId: number, nowMicros: number): ReleasedSet[] {
    const released: ReleasedSet[] = [];
    if (!this.#held.waits(exporter, templateId)) return released;
    for (const set of this.#held.waiting(exporter, templateId)) {
      const template = this.#usable(exporter, set.stream, templateId, set.contents.length, nowMicros);
      if (template === undefined) continue;
      this.#held.release(set);
      this.#parts.news.heldNoMore(set);
      released.push({ set, template });
    }
    return released;
  }

  #decodeHeldSet(set: HeldSet<Exporter, Session>, template: Template): void {
    const { receivedAtMicros, exportedAtMicros, uptimeMs } = set;
    const lookupTemplate = this.#lookupTemplate;
    Object.assign(set.owner.context, { receivedAtMicros, exportedAtMicros, uptimeMs, lookupTemplate });
    this.#session = set.stream;
    const bytes = Buffer.from(set.contents, 'latin1');
    const records = this.#decodeData(set.owner, template, bytes, 0, bytes.length);
    set.arrival?.decoded(records, set.owner);
    this.#parts.counted(set.owner);
    set.owner.heldDecoded += 1;
    this.#parts.totals.decodedFromHold += 1;
  }

  /** Returns how many records there were. */
  #decodeData(exporter: Exporter, template: Template, bytes: Buffer, start: number, end: number): number {
    if (template.options) return this.#decodeOptions(exporter, template, bytes, start, end);
    if (template.program === undefined) return 0;
    exporter.sampling.useTemplate(template.id);
    const result = template.program.run(bytes, start, end, NO_LIMIT, exporter.context, this.#parts.sinks.flows);
    const { records, rows } = result;
    exporter.records += records;
    exporter.rows += rows;
    this.#parts.totals.records += records;
    this.#parts.totals.rows += rows;
    if (result.truncated || (records === 0 && end - start > MAX_PADDING_BYTES)) {
      this.trouble('truncated_record', `template ${template.id}, ${end - start} bytes`);
    }
    return records;
  }

  #decodeOptions(exporter: Exporter, template: Template, bytes: Buffer, start: number, end: number): number {
    const smallest = smallestRecord(template.fields);
    let records = 0;
    let at = start;
    while (end - at >= smallest) {
      const next = this.#optionReader.read(template.fields, bytes, at, end, exporter.sampling, this);
      if (next < 0) break;
      this.#parts.observer.optionRecord?.(exporter, template, bytes, at, next);
      records += 1;
      at = next;
    }
    exporter.optionRecords += records;
    this.#parts.totals.optionRecords += records;
    if (end - at >= smallest || (records === 0 && end - start > MAX_PADDING_BYTES)) {
      this.trouble('truncated_record', `options template ${template.id}, ${end - start} bytes`);
    }
    return records;
  }
}
