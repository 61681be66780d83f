import type { Datagram } from '../../datagram.ts';
import type { FlowSinks } from '../sinks.ts';
import type { DecodeReason } from '../decode-trouble.ts';
import type { ElementRegistry } from '../elements/registry.ts';
import type { Exporter, FlowProtocol } from '../exporter/exporter.ts';
import { NETFLOW1_FIELDS, NETFLOW1_HEADER_BYTES, newNetflow1Header, readNetflow1Header } from './netflow1.ts';
import { NETFLOW5_FIELDS, NETFLOW5_HEADER_BYTES, newNetflow5Header, readNetflow5Header } from './netflow5.ts';
import { NETFLOW7_FIELDS, NETFLOW7_HEADER_BYTES, newNetflow7Header, readNetflow7Header } from './netflow7.ts';
import type { Session } from './template-store.ts';
import { compileProgram, type RecordProgram } from '../record/record-program.ts';

/** What a protocol's decoder asks of the front door. */
export interface ExporterDesk {
  /** The exporter that a datagram came from, which is counted there; its context is set to what the header says. */
  arrived(
    protocol: FlowProtocol,
    datagram: Datagram,
    observationDomain: number,
    exportedAtMicros: number,
    uptimeMs: number,
  ): Exporter;
  /** The sequence numbers of a session went on. */
  followed(exporter: Exporter, session: Session): void;
  /** Counts and reports; `exporter` is undefined where it is not known yet. */
  trouble(exporter: Exporter | undefined, reason: DecodeReason, detail: string): void;
}

interface CountedHeader {
  readonly count: number;
  readonly claimedCount: number;
  readonly uptimeMs: number;
  readonly exportedAtMicros: number;
}

/** Decodes NetFlow 1, 5 and 7, whose records have one layout each. */
export class FixedDecoder {
  readonly #desk: ExporterDesk;
  readonly #sinks: FlowSinks;
  readonly #programs: Readonly<Record<'netflow1' | 'netflow5' | 'netflow7', RecordProgram>>;
  readonly #header1 = newNetflow1Header();
  readonly #header5 = newNetflow5Header();
  readonly #header7 = newNetflow7Header();

  constructor(desk: ExporterDesk, sinks: FlowSinks, registry: ElementRegistry) {
    this.#desk = desk;
    this.#sinks = sinks;
    this.#programs = {
      netflow1: compileProgram(NETFLOW1_FIELDS, registry),
      netflow5: compileProgram(NETFLOW5_FIELDS, registry),
      netflow7: compileProgram(NETFLOW7_FIELDS, registry),
    };
  }

  /** How much was decoded; undefined where there is no whole header. */
  decode(version: 1 | 5 | 7, datagram: Datagram): { records: number; rows: number } | undefined {
    if (version === 1) return this.#decode1(datagram);
    return version === 5 ? this.#decode5(datagram) : this.#decode7(datagram);
  }

  #decode1(datagram: Datagram) {
    const header = this.#header1;
    if (!readNetflow1Header(datagram.bytes, header)) return this.#truncated('NetFlow v1');
    const exporter = this.#arrived('netflow1', datagram, 0, header);
    return this.#run('netflow1', datagram, NETFLOW1_HEADER_BYTES, header.count, exporter);
  }

  #decode5(datagram: Datagram) {
    const header = this.#header5;
    if (!readNetflow5Header(datagram.bytes, header)) return this.#truncated('NetFlow v5');
    const exporter = this.#arrived('netflow5', datagram, header.observationDomain, header);
    exporter.sampling.useHeader(header.samplingInterval);
    this.#desk.followed(exporter, follow(exporter, datagram, header.sequence, header));
    return this.#run('netflow5', datagram, NETFLOW5_HEADER_BYTES, header.count, exporter);
  }

  #decode7(datagram: Datagram) {
    const header = this.#header7;
    if (!readNetflow7Header(datagram.bytes, header)) return this.#truncated('NetFlow v7');
    const exporter = this.#arrived('netflow7', datagram, 0, header);
    this.#desk.followed(exporter, follow(exporter, datagram, header.sequence, header));
    return this.#run('netflow7', datagram, NETFLOW7_HEADER_BYTES, header.count, exporter);
  }

  #arrived(protocol: FlowProtocol, datagram: Datagram, domain: number, header: CountedHeader): Exporter {
    const exporter = this.#desk.arrived(protocol, datagram, domain, header.exportedAtMicros, header.uptimeMs);
    if (header.count < header.claimedCount) {
      this.#desk.trouble(exporter, 'bad_count', `${header.claimedCount} records, room for ${header.count}`);
    }
    return exporter;
  }

  #run(
    protocol: 'netflow1' | 'netflow5' | 'netflow7',
    { bytes }: Datagram,
    start: number,
    count: number,
    exporter: Exporter,
  ): { records: number; rows: number } {
    const result = this.#programs[protocol].run(bytes, start, bytes.length, count, exporter.context, this.#sinks.flows);
    exporter.records += result.records;
    exporter.rows += result.rows;
    return result;
  }

  #truncated(protocol: string): undefined {
    this.#desk.trouble(undefined, 'truncated_header', protocol);
  }
}

/** Versions 5 and 7 count records; those that count datagrams are found out. */
function follow(exporter: Exporter, datagram: Datagram, sequence: number, header: CountedHeader): Session {
  const session = exporter.store.session(datagram.sourcePort, datagram.localPort, sequence);
  session.sequence.arrive(sequence, header.count, 1, header.uptimeMs, datagram.receivedAtMicros);
  return session;
}
