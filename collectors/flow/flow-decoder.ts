import type { SequenceTracker } from './exporter/sequence.ts';
import type { AccountLog, LeftAccount, LoggedAccount } from '../accounts/logged-account.ts';
import { spreadDrops } from '../accounts/spread-drops.ts';
import type { Datagram } from '../datagram.ts';
import type { FlowSinks } from './sinks.ts';
import { type DecodeReason, type DecodeTrouble, SHOWN_BYTES } from './decode-trouble.ts';
import { type Element, ElementRegistry } from './elements/registry.ts';
import { Exporter, type ExporterView, type FlowProtocol } from './exporter/exporter.ts';
import { parseAddress, unmapped } from '../ip-address.ts';
import { ExporterTable } from './exporter/exporter-table.ts';
import { namedSession, nameSession } from './exporter/session-name.ts';
import { Strangers } from './exporter/strangers.ts';
import { type ExporterDesk, FixedDecoder } from './netflow/fixed-decoder.ts';
import { IPFIX_HEADER_BYTES, IPFIX_SETS, type IpfixHeader, readIpfixHeader } from './netflow/ipfix.ts';
import { NETFLOW9_HEADER_BYTES, NETFLOW9_SETS, type Netflow9Header, readNetflow9Header } from './netflow/netflow9.ts';
import { writeExporterRow } from './netflow/option-rows.ts';
import { SamplingConfiguration, type SamplingOptions, SamplingState } from './exporter/sampling.ts';
import { type FlowObserver, SetDecoder, type SetTotals } from './netflow/set-decoder.ts';
import { SampleDropCounter } from './sflow/sflow-drops.ts';
import { SflowDecoder } from './sflow/sflow.ts';
import { SflowHeader } from './sflow/sflow-header.ts';
import type { Session } from './netflow/template-store.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { WarmEntry, WarmState } from '../warm-state.ts';
import { FlowWarmth } from './warm/flow-warmth.ts';
import type { WarmKey } from './warm/warm-key.ts';

/** Every bound has a default that suits a collector of some hundred exporters. */
export interface FlowDecoderOptions {
  /** Exporters (address, observation domain and protocol) that are remembered; the least recently used go first. */
  readonly maxExporters?: number;
  /** Templates of one exporter, over all of its sessions. */
  readonly maxTemplatesPerExporter?: number;
  /** Template fields of all exporters together, each some 40 bytes; beyond it exporters go, least recently used first. */
  readonly maxTemplateFields?: number;
  /** Data that waits for its template. */
  readonly heldBytesPerExporter?: number;
  readonly heldBytes?: number;
  /**
   * How long it waits. The default is 31 minutes: Cisco's classic default sends NetFlow v9 templates every 30 minutes,
   * most others every 1 to 10, so after that none will come.
   */
  readonly heldMaxAgeSeconds?: number;
  /** An exporter that is silent for so long is forgotten, with its templates. */
  readonly exporterIdleSeconds?: number;
  /** Templates compiled a second on average, and at once; beyond that, data is held and compiled for later. */
  readonly compilationsPerSecond?: number;
  readonly compilationBurst?: number;
  /** How often what was counted at an exporter is written to `exporters`. */
  readonly exporterRowSeconds?: number;
  readonly sampling?: SamplingOptions;
  /** Elements that the user named. */
  readonly elements?: readonly Element[];
  readonly observer?: FlowObserver;
}

const DEFAULTS = {
  maxExporters: 10_000,
  maxTemplatesPerExporter: 1000,
  maxTemplateFields: 1_000_000,
  heldBytesPerExporter: 1 << 20,
  heldBytes: 64 << 20,
  heldMaxAgeSeconds: 31 * 60,
  exporterIdleSeconds: 24 * 3600,
  compilationsPerSecond: 200,
  compilationBurst: 1000,
  exporterRowSeconds: 10,
} as const;

const SFLOW_VERSION = 5;

/** What one exporter may have of template fields: far above what any real one has (about a thousand). */
const MAX_TEMPLATE_FIELDS_PER_EXPORTER = 65_536;

/** Plain numbers since the start. */
export interface DecoderTotals extends SetTotals {
  datagrams: number;
  bytes: number;
  /** Rows of `counter_samples`. */
  counterSamples: number;
  /** Packets that sFlow agents could not sample, by their own account. */
  sampleDrops: number;
  /** Datagrams, sets and records that could not be decoded. */
  undecodable: number;
  /** Datagrams of all exporters together, also of those that are forgotten: by their sequence numbers. */
  lost: number;
  reordered: number;
  duplicates: number;
  restarts: number;
  /** Sets that wait for their template now, and what they take. */
  waiting: number;
  waitingBytes: number;
  exporters: number;
  exporterEvictions: number;
  templateEvictions: number;
}

/**
 * The front door of the flow collectors: bytes and arrival time in, rows out; no I/O and no timers. Any protocol may
 * come to any port, each datagram is told apart by its header. Never throws.
 */
export class FlowDecoder implements WarmState {
  /** Where what is counted survives this process. Set before the first datagram. */
  accountLog: AccountLog | undefined;
  readonly #options: Required<Omit<FlowDecoderOptions, 'sampling' | 'elements' | 'observer'>>;
  readonly #sinks: FlowSinks;
  readonly #report: (trouble: DecodeTrouble) => void;
  readonly #sampling: SamplingConfiguration;
  readonly #table: ExporterTable;
  readonly #sets: SetDecoder;
  readonly #fixed: FixedDecoder;
  readonly #sflow = new SflowDecoder();
  readonly #sflowHeader = new SflowHeader();
  readonly #load = { fields: 0 };
  readonly #counts = {
    datagrams: 0,
    bytes: 0,
    records: 0,
    rows: 0,
    optionRecords: 0,
    templates: 0,
    optionTemplates: 0,
    counterSamples: 0,
    undecodable: 0,
    held: 0,
    decodedFromHold: 0,
    heldExpired: 0,
    compilationsDeferred: 0,
    sampleDrops: 0,
  };
  /** Of exporters that are forgotten. */
  readonly #past = { lost: 0, reordered: 0, duplicates: 0, restarts: 0, templateEvictions: 0 };
  readonly #netflow9Header: Netflow9Header = { uptimeMs: 0, exportedAtMicros: 0, sequence: 0, sourceId: 0 };
  readonly #ipfixHeader: IpfixHeader = { length: 0, exportedAtMicros: 0, sequence: 0, observationDomain: 0 };
  readonly #warmth: FlowWarmth;
  /** Senders of datagrams that nobody's exporter could be found for. */
  readonly #strangers = new Strangers();
  #datagram: Datagram | undefined;
  #sweptAtMicros = 0;
  #strangersAtMicros = 0;

  /** @throws DogwatchError `BAD_ADDRESS` for a sampling override that names no exporter */
  constructor(options: FlowDecoderOptions, sinks: FlowSinks, report: (trouble: DecodeTrouble) => void) {
    this.#options = { ...DEFAULTS, ...options };
    this.#sinks = sinks;
    this.#report = report;
    this.#sampling = new SamplingConfiguration(options.sampling ?? {});
    this.#table = new ExporterTable(this.#options.maxExporters, (exporter) => this.#retire(exporter));
    const registry = new ElementRegistry(options.elements);
    const desk: ExporterDesk = {
      arrived: (protocol, datagram, domain, exportedAtMicros, uptimeMs) => {
        const exporter = this.#exporterAt(protocol, datagram, domain);
        this.#setContext(exporter, datagram, exportedAtMicros, uptimeMs);
        return exporter;
      },
      followed: (exporter, session) => this.#followed(exporter, session),
      trouble: (exporter, reason, detail) => this.#trouble(exporter, reason, detail),
    };
    this.#warmth = this.#createWarmth();
    this.#fixed = new FixedDecoder(desk, sinks, registry);
    this.#sets = new SetDecoder({
      registry,
      sinks,
      heldLimits: {
        bytesPerExporter: this.#options.heldBytesPerExporter,
        bytesTotal: this.#options.heldBytes,
        maxAgeMicros: this.#options.heldMaxAgeSeconds * 1_000_000,
      },
      compilations: new TokenBucket(this.#options.compilationsPerSecond, this.#options.compilationBurst),
      totals: this.#counts,
      observer: options.observer ?? {},
      news: this.#warmth,
      counted: (exporter) => this.#counted(exporter),
      trouble: (exporter, reason, detail) => this.#trouble(exporter, reason, detail),
    });
  }

  /** Decodes one datagram of whatever protocol. */
  decode(datagram: Datagram): void {
    this.#datagram = datagram;
    this.#counts.datagrams += 1;
    this.#counts.bytes += datagram.bytes.length;
    try {
      this.#dispatch(datagram);
    } catch (error) {
      this.#internalError(error);
    }
  }

  /**
   * To be called every few seconds: gives up data that waited too long, forgets idle exporters, writes rows of
   * `exporters` for those that have something to say.
   */
  sweep(nowMicros: number): void {
    this.#sweptAtMicros = nowMicros;
    this.#sets.sweep(nowMicros);
    const idleMicros = this.#options.exporterIdleSeconds * 1_000_000;
    const rowMicros = this.#options.exporterRowSeconds * 1_000_000;
    if (nowMicros - this.#strangersAtMicros >= rowMicros) this.#writeStrangers(nowMicros);
    for (const exporter of this.#table) {
      // Restored before any time was known.
      if (exporter.lastSeenMicros === 0) exporter.lastSeenMicros = nowMicros;
      if (nowMicros - exporter.lastSeenMicros > idleMicros) this.#table.forget(exporter);
      else if (nowMicros - exporter.writtenAtMicros >= rowMicros) {
        writeExporterRow(this.#sinks.exporters, exporter, nowMicros);
        exporter.losses.write(this.#sinks.losses, nowMicros);
      }
    }
  }

  /** Writes what was counted and not written yet; at the end of the program. */
  finish(nowMicros: number): void {
    this.#writeStrangers(nowMicros);
    for (const exporter of this.#table) {
      writeExporterRow(this.#sinks.exporters, exporter, nowMicros);
      exporter.losses.write(this.#sinks.losses, nowMicros);
    }
  }

  /**
   * Spreads datagrams that the kernel dropped over the exporters heard of late, in proportion to what arrived of each: nobody
   * knows whose they were.
   */
  spreadKernelDrops(drops: number): void {
    spreadDrops(
      drops,
      this.#table,
      (exporter) => exporter.losses.recentDatagrams,
      (exporter) => this.#counted(exporter),
    );
  }

  /** All that were heard and are remembered, least recently used first; not those that other processes told of. */
  *exporters(): Iterable<ExporterView> {
    for (const exporter of this.#table) if (exporter.datagrams > 0) yield exporter;
  }

  /** Whose counts and positions must survive the process. */
  *loggedAccounts(): Iterable<LoggedAccount> {
    for (const { account } of this.#strangers.tallies()) yield account;
    for (const { losses } of this.#table) yield losses;
    yield* this.followedSequences();
  }

  /** Where sequence numbers stand. */
  *followedSequences(): Iterable<SequenceTracker> {
    for (const exporter of this.#table) {
      for (const session of exporter.store.sessions()) {
        const { sequence } = session;
        // Sessions may share one; the last that was used has named it.
        if (sequence.sessionKey === session.key) yield sequence;
      }
    }
  }

  /** Goes on with the sequence numbers of a process that ended. @returns whether the account was one */
  restoreSequence({ description, state }: LeftAccount, nowMicros: number): boolean {
    const named = namedSession(description);
    if (named === undefined) return false;
    const { protocol, key, address, observationDomain, sessionKey } = named;
    let exporter = this.#table.peek(protocol, key, observationDomain);
    if (exporter === undefined && this.#table.size >= this.#options.maxExporters) return true;
    exporter ??= this.#addExporter(protocol, key, address, observationDomain, nowMicros);
    const { sequence } = exporter.store.restoredSession(Math.floor(sessionKey / 65_536), sessionKey % 65_536);
    nameSession(sequence, exporter, sessionKey);
    sequence.restore(state, nowMicros);
    return true;
  }

  get onWarmChange(): ((entry: WarmEntry) => void) | undefined {
    return this.#warmth.onWarmChange;
  }

  set onWarmChange(told: ((entry: WarmEntry) => void) | undefined) {
    this.#warmth.onWarmChange = told;
  }

  set onWarmUrgent(send: (() => void) | undefined) {
    this.#warmth.onWarmUrgent = send;
  }

  warmEntries(): Iterable<WarmEntry> {
    return this.#warmth.warmEntries();
  }

  restoreWarm(entry: WarmEntry): void {
    try {
      this.#warmth.restoreWarm(entry);
    } catch (error) {
      this.#internalError(error);
    }
  }

  get totals(): Readonly<DecoderTotals> {
    const sum = { ...this.#past };
    let exporters = 0;
    for (const exporter of this.#table) {
      addUp(sum, exporter);
      if (exporter.datagrams > 0) exporters += 1;
    }
    return {
      ...this.#counts,
      ...sum,
      waiting: this.#sets.waiting,
      waitingBytes: this.#sets.waitingBytes,
      exporters,
      exporterEvictions: this.#table.evictions,
    };
  }

  #dispatch(datagram: Datagram): void {
    const { bytes } = datagram;
    if (bytes.length < 4) return this.#trouble(undefined, 'truncated_header', `${bytes.length} bytes`);
    const version = bytes.readUInt16BE(0);
    switch (version) {
      case 1:
      case 5:
      case 7:
        return this.#decodeFixed(version, datagram);
      case 9:
        return this.#decodeNetflow9(datagram);
      case 10:
        return this.#decodeIpfix(datagram);
      case 0: // sFlow has a version of 32 bits
        if (bytes.readUInt32BE(0) === SFLOW_VERSION) return this.#decodeSflow(datagram);
        return this.#trouble(undefined, 'unknown_version', `sFlow ${bytes.readUInt32BE(0)}`);
      default:
        return this.#trouble(undefined, 'unknown_version', `version ${version}`);
    }
  }

  #decodeSflow(datagram: Datagram): void {
    const { bytes, receivedAtMicros } = datagram;
    const header = this.#sflowHeader;
    if (!header.read(bytes)) return this.#truncatedHeader('sFlow');
    const exporter = this.#agent(datagram, header);
    this.#setContext(exporter, datagram, receivedAtMicros, header.uptimeMs);
    // An agent counts its datagrams from wherever it sends them.
    const session = exporter.store.session(0, 0, header.sequence);
    session.sequence.arrive(header.sequence, 1, 1, header.uptimeMs, receivedAtMicros);
    this.#followed(exporter, session);
    exporter.sflow ??= {
      exporterField: exporter.context.exporterField,
      sampling: exporter.sampling,
      drops: new SampleDropCounter(),
    };
    const result = this.#sflow.decode(bytes, receivedAtMicros, exporter.sflow, this.#sinks);
    exporter.records += result.records;
    exporter.rows += result.records;
    exporter.sampleDrops += result.drops;
    this.#counts.records += result.records;
    this.#counts.rows += result.records;
    this.#counts.counterSamples += result.counterSamples;
    this.#counts.sampleDrops += result.drops;
    if (result.reason !== '') this.#trouble(exporter, result.reason, `${result.errors} in the datagram`);
  }

  /** The agent names itself; datagrams of several may come through one proxy. */
  #agent(datagram: Datagram, header: SflowHeader): Exporter {
    const { agentOffset: start, agentLength, subAgentId } = header;
    if (agentLength === 0) return this.#exporterAt('sflow5', datagram, subAgentId);
    const key = datagram.bytes.toString('latin1', start, start + agentLength);
    const known = this.#table.find('sflow5', key, subAgentId);
    if (known !== undefined) return known;
    const address = Buffer.from(datagram.bytes.subarray(start, start + agentLength));
    return this.#addExporter('sflow5', key, address, subAgentId, datagram.receivedAtMicros);
  }

  #decodeFixed(version: 1 | 5 | 7, datagram: Datagram): void {
    const result = this.#fixed.decode(version, datagram);
    this.#counts.records += result?.records ?? 0;
    this.#counts.rows += result?.rows ?? 0;
  }

  #decodeNetflow9(datagram: Datagram): void {
    const { bytes } = datagram;
    if (bytes.length < NETFLOW9_HEADER_BYTES) return this.#truncatedHeader('NetFlow v9');
    const header = this.#netflow9Header;
    readNetflow9Header(bytes, header);
    const exporter = this.#exporterAt('netflow9', datagram, header.sourceId);
    this.#setContext(exporter, datagram, header.exportedAtMicros, header.uptimeMs);
    const session = exporter.store.session(datagram.sourcePort, datagram.localPort, header.sequence);
    this.#sets.decode(bytes, NETFLOW9_HEADER_BYTES, bytes.length, NETFLOW9_SETS, exporter, session);
    session.sequence.arrive(header.sequence, 1, this.#recordsOfSets(), header.uptimeMs, datagram.receivedAtMicros);
    this.#followed(exporter, session);
    this.#boundTemplates();
  }

  #decodeIpfix(datagram: Datagram): void {
    const { bytes } = datagram;
    if (bytes.length < IPFIX_HEADER_BYTES) return this.#truncatedHeader('IPFIX');
    const header = this.#ipfixHeader;
    readIpfixHeader(bytes, header);
    const exporter = this.#exporterAt('ipfix', datagram, header.observationDomain);
    this.#setContext(exporter, datagram, header.exportedAtMicros, -1);
    if (header.length > bytes.length || header.length < IPFIX_HEADER_BYTES) {
      this.#trouble(exporter, 'bad_length', `${header.length} of ${bytes.length} bytes`);
    }
    const session = exporter.store.session(datagram.sourcePort, datagram.localPort, header.sequence);
    const end = Math.min(header.length, bytes.length);
    this.#sets.decode(bytes, IPFIX_HEADER_BYTES, end, IPFIX_SETS, exporter, session);
    const { arrival } = this.#sets;
    session.sequence.arrive(header.sequence, this.#recordsOfSets(), 1, -1, datagram.receivedAtMicros, arrival);
    this.#followed(exporter, session);
    this.#boundTemplates();
  }

  /** Of the datagram at hand; NaN where some wait for their template. */
  #recordsOfSets(): number {
    const { records, arrival } = this.#sets;
    if (arrival === undefined) return records;
    arrival.records += records;
    return arrival.isKnown ? arrival.records : Number.NaN;
  }

  #counted({ losses }: Exporter): void {
    if (!losses.isLogDue) this.accountLog?.changed(losses);
  }

  #followed(exporter: Exporter, { key, sequence }: Session): void {
    if (sequence.isLogDue || this.accountLog === undefined) return;
    if (sequence.sessionKey !== key) nameSession(sequence, exporter, key);
    this.accountLog.changed(sequence);
  }

  #exporterAt(protocol: FlowProtocol, datagram: Datagram, observationDomain: number): Exporter {
    const exporter = this.#table.find(protocol, datagram.sourceAddress, observationDomain);
    if (exporter !== undefined) return exporter;
    // A receiver that gives no address is a defect of its own; the records are worth more.
    const address = unmapped(parseAddress(datagram.sourceAddress) ?? Buffer.alloc(4));
    return this.#addExporter(protocol, datagram.sourceAddress, address, observationDomain, datagram.receivedAtMicros);
  }

  #addExporter(protocol: FlowProtocol, key: string, address: Buffer, domain: number, nowMicros: number): Exporter {
    const sampling = new SamplingState(this.#sampling.overrideFor(address), this.#sampling.defaultRate);
    const limits = {
      maxTemplates: this.#options.maxTemplatesPerExporter,
      maxFields: MAX_TEMPLATE_FIELDS_PER_EXPORTER,
    };
    const exporter = new Exporter(key, address, domain, protocol, sampling, limits, this.#load, nowMicros);
    this.#table.add(key, exporter);
    this.#warmth.attach(exporter, key);
    return exporter;
  }

  #createWarmth(): FlowWarmth {
    return new FlowWarmth({
      exporter: (key, mayAdd) => this.#restoredExporter(key, mayAdd),
      exporters: () => this.#table,
      template: (exporter, session, definition, wire) => {
        // Others' templates displace nobody whom we hear ourselves.
        if (this.#load.fields + definition.fields.length > this.#options.maxTemplateFields) return;
        this.#sets.restoreTemplate(exporter, session, definition, wire);
      },
      hold: (set) => this.#sets.restoreHeld(set),
      leaveHeld: (warmKey) => this.#sets.leaveHeld(warmKey),
      held: () => this.#sets.heldSets(),
      element: (element) => this.#sets.restoreElement(element),
      learntElements: () => this.#sets.learntElements(),
    });
  }

  #restoredExporter({ protocol, address, observationDomain }: WarmKey, mayAdd: boolean): Exporter | undefined {
    const nowMicros = Math.max(this.#sweptAtMicros, this.#datagram?.receivedAtMicros ?? 0);
    const known = this.#table.peek(protocol, address, observationDomain);
    if (known !== undefined) {
      known.lastSeenMicros = Math.max(known.lastSeenMicros, nowMicros);
      return known;
    }
    const bytes = parseAddress(address);
    if (!mayAdd || bytes === undefined || this.#table.size >= this.#options.maxExporters) return undefined;
    return this.#addExporter(protocol, address, unmapped(bytes), observationDomain, nowMicros);
  }

  #setContext(exporter: Exporter, datagram: Datagram, exportedAtMicros: number, uptimeMs: number): void {
    const { context } = exporter;
    context.receivedAtMicros = datagram.receivedAtMicros;
    context.exportedAtMicros = exportedAtMicros;
    context.uptimeMs = uptimeMs;
    const { losses } = exporter;
    losses.atTime(this.#sinks.losses, datagram.receivedAtMicros);
    this.#counted(exporter);
    exporter.lastSeenMicros = datagram.receivedAtMicros;
    if (exporter.datagrams === 0) exporter.firstSeenMicros = datagram.receivedAtMicros;
    exporter.datagrams += 1;
  }

  #writeStrangers(nowMicros: number): void {
    this.#strangersAtMicros = nowMicros;
    this.#strangers.write(this.#sinks.losses);
  }

  /** The exporter at hand is the most recently used one, and stays. */
  #boundTemplates(): void {
    while (this.#load.fields > this.#options.maxTemplateFields && this.#table.size > 1) this.#table.forgetOldest();
  }

  #retire(exporter: Exporter): void {
    this.#sets.forget(exporter);
    exporter.warmth?.forget();
    addUp(this.#past, exporter);
    writeExporterRow(this.#sinks.exporters, exporter, exporter.lastSeenMicros);
    exporter.losses.write(this.#sinks.losses);
  }

  #internalError(error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#trouble(undefined, 'internal_error', detail);
  }

  #truncatedHeader(protocol: string): void {
    this.#trouble(undefined, 'truncated_header', protocol);
  }

  #trouble(exporter: Exporter | undefined, reason: DecodeReason, detail: string): void {
    this.#counts.undecodable += 1;
    if (exporter !== undefined) exporter.countError(reason);
    else if (this.#datagram !== undefined)
      this.#strangers.count(this.#datagram, reason, this.#sinks.losses, this.accountLog);
    this.#report({
      reason,
      detail,
      address: exporter?.address ?? this.#datagram?.sourceAddress ?? '',
      port: this.#datagram?.sourcePort ?? 0,
      firstBytes: this.#datagram?.bytes.toString('hex', 0, SHOWN_BYTES) ?? '',
    });
  }
}

type Summed = Pick<DecoderTotals, 'lost' | 'reordered' | 'duplicates' | 'restarts' | 'templateEvictions'>;

function addUp(sum: Summed, exporter: Summed): void {
  sum.lost += exporter.lost;
  sum.reordered += exporter.reordered;
  sum.duplicates += exporter.duplicates;
  sum.restarts += exporter.restarts;
  sum.templateEvictions += exporter.templateEvictions;
}
