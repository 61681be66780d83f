import { formatAddress, inetField } from '../../ip-address.ts';
import { LossAccount } from '../../accounts/loss-account.ts';
import type { DecodeReason } from '../decode-trouble.ts';
import type { RecordContext } from '../record/record.ts';
import type { SamplingState } from './sampling.ts';
import type { ExporterWarmth } from '../warm/exporter-warmth.ts';
import type { SflowExporterState } from '../sflow/sflow-result.ts';
import type { SequenceCounts } from './sequence.ts';
import { type TemplateLimits, type TemplateLoad, TemplateStore } from '../netflow/template-store.ts';

export type FlowProtocol = 'netflow1' | 'netflow5' | 'netflow7' | 'netflow9' | 'ipfix' | 'sflow5';

/** What is counted for each exporter, since it was first seen. */
export interface ExporterCounts extends SequenceCounts {
  datagrams: number;
  records: number;
  optionRecords: number;
  rows: number;
  /** Datagrams, sets and records that could not be decoded: the sum over `errors`. */
  undecodable: number;
  /** Data sets that had to wait for their template. */
  held: number;
  /** Of those: given up, since no template came in time or there was no room. */
  heldExpired: number;
  /** Of those: decoded. */
  heldDecoded: number;
  /** Packets that a sFlow agent says it could not sample, for want of resources. */
  sampleDrops: number;
}

/** One exporter, observation domain and protocol, as metrics and status show it. */
export interface ExporterView extends Readonly<ExporterCounts> {
  readonly address: string;
  readonly observationDomain: number;
  readonly protocol: FlowProtocol;
  readonly errors: ReadonlyMap<DecodeReason, number>;
  readonly templates: number;
  readonly templateEvictions: number;
  /** "1 in N" for records that say nothing themselves, and where it came from; 0: not known. */
  readonly samplingRate: number;
  readonly samplingSource: string;
  readonly firstSeenMicros: number;
  readonly lastSeenMicros: number;
}

/** Everything that is known of one exporter, observation domain and protocol. */
export class Exporter implements ExporterView {
  readonly address: string;
  readonly protocol: FlowProtocol;
  readonly context: RecordContext;
  readonly sampling: SamplingState;
  readonly store: TemplateStore;
  readonly errors = new Map<DecodeReason, number>();
  firstSeenMicros: number;
  lastSeenMicros: number;

  datagrams = 0;
  records = 0;
  optionRecords = 0;
  rows = 0;
  undecodable = 0;
  held = 0;
  heldExpired = 0;
  heldDecoded = 0;
  sampleDrops = 0;
  received = 0;
  lost = 0;
  reordered = 0;
  duplicates = 0;
  restarts = 0;

  /** Of a sFlow agent. */
  sflow: SflowExporterState | undefined;

  /** What it taught, for other processes; none where the protocol teaches nothing. */
  warmth: ExporterWarmth | undefined;

  /** The counts at the last row of `exporters`, and when that was. */
  written: Partial<ExporterCounts> = {};
  writtenAtMicros: number;

  /** Datagrams that the kernel dropped, its share of an estimate. */
  kernelDrops = 0;
  // What happens to rows of flows nowhere, or not here.
  readonly filtered = 0;
  readonly dropped = 0;
  /** For the loss ledger. */
  readonly losses: LossAccount;
  /** By which the table knows it. */
  readonly key: string;

  // Its neighbours in the order of use; kept by the table.
  newer: Exporter | undefined;
  older: Exporter | undefined;

  constructor(
    key: string,
    address: Buffer,
    observationDomain: number,
    protocol: FlowProtocol,
    sampling: SamplingState,
    limits: TemplateLimits,
    load: TemplateLoad,
    nowMicros: number,
  ) {
    this.key = key;
    this.address = formatAddress(address);
    this.protocol = protocol;
    this.sampling = sampling;
    this.store = new TemplateStore(limits, load, this);
    this.firstSeenMicros = nowMicros;
    this.lastSeenMicros = nowMicros;
    this.writtenAtMicros = nowMicros;
    this.context = {
      receivedAtMicros: nowMicros,
      exportedAtMicros: nowMicros,
      uptimeMs: -1,
      bootedAtMicros: Number.NaN,
      exporterField: inetField(address),
      observationDomain,
      sampling,
    };
    const senderField = this.context.exporterField;
    this.losses = new LossAccount({ family: 'flow', protocol, observationDomain, senderField }, this);
  }

  get observationDomain(): number {
    return this.context.observationDomain;
  }

  get templates(): number {
    return this.store.size;
  }

  get templateEvictions(): number {
    return this.store.evictions;
  }

  get samplingRate(): number {
    return this.sampling.override > 0 ? this.sampling.override : this.sampling.fallback;
  }

  get samplingSource(): string {
    if (this.samplingRate === 0) return '';
    return this.sampling.override > 0 ? 'c' : String.fromCharCode(this.sampling.fallbackSource);
  }

  countError(reason: DecodeReason): void {
    this.undecodable += 1;
    this.errors.set(reason, (this.errors.get(reason) ?? 0) + 1);
    this.losses.countReason(reason);
  }
}
