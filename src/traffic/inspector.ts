import { LOSSES } from '../../collectors/accounts/loss-table.ts';
import type { Datagram } from '../../collectors/datagram.ts';
import type { DecodeTrouble } from '../../collectors/flow/decode-trouble.ts';
import { ElementRegistry } from '../../collectors/flow/elements/registry.ts';
import type { Exporter, ExporterView } from '../../collectors/flow/exporter/exporter.ts';
import { type DecoderTotals, FlowDecoder } from '../../collectors/flow/flow-decoder.ts';
import { recordToJson } from '../../collectors/flow/values/structured-data.ts';
import { APPLICATIONS, COUNTER_SAMPLES, EXPORTERS, FLOWS, INTERFACES } from '../../collectors/flow/tables.ts';
import type { SnmpTotals } from '../../collectors/snmp/decoder-options.ts';
import type { SyslogTotals } from '../../collectors/syslog/syslog-decoder.ts';
import type { Template } from '../../collectors/flow/netflow/template-store.ts';
import { likeliestFamily } from './family.ts';
import { MemoryRows, type Row } from './memory-rows.ts';
import { TrapInspector, type V3Header } from './snmp/trap-inspector.ts';
import { MessageInspector } from './syslog/message-inspector.ts';

/** Something that a datagram told, in the order in which it was found. */
export type Finding =
  | { readonly kind: 'flow' | 'counters' | 'interface' | 'application' | 'message' | 'trap'; readonly row: Row }
  /** SNMPv3 that is encrypted. */
  | { readonly kind: 'v3-header'; readonly header: V3Header }
  | { readonly kind: 'template'; readonly template: TemplateFinding }
  | { readonly kind: 'option'; readonly option: OptionFinding }
  | { readonly kind: 'trouble'; readonly trouble: DecodeTrouble };

export interface TemplateFinding {
  readonly exporter: string;
  readonly observationDomain: number;
  readonly protocol: string;
  readonly id: number;
  readonly options: boolean;
  readonly fields: readonly TemplateField[];
}

interface TemplateField {
  readonly pen: number;
  readonly id: number;
  readonly name: string;
  /** 65535: variable. */
  readonly length: number;
  readonly scope: boolean;
}

export interface OptionFinding {
  readonly exporter: string;
  readonly observationDomain: number;
  readonly templateId: number;
  /** By element names. */
  readonly record: unknown;
}

// A capture may define templates without end; beyond this a repeated one is shown again.
const MAX_KNOWN_TEMPLATES = 10_000;

/** Decodes datagrams as the collector would, and tells what it found. Nothing is written anywhere. */
export class Inspector {
  readonly #rows = {
    flows: new MemoryRows(FLOWS),
    counterSamples: new MemoryRows(COUNTER_SAMPLES),
    interfaces: new MemoryRows(INTERFACES),
    applications: new MemoryRows(APPLICATIONS),
    exporters: new MemoryRows(EXPORTERS),
    losses: new MemoryRows(LOSSES),
  };
  readonly #messages = new MessageInspector();
  readonly #traps = new TrapInspector();
  readonly #registry = new ElementRegistry();
  readonly #known = new Map<string, string>();
  readonly #findings: Finding[] = [];
  readonly #decoder = new FlowDecoder(
    {
      observer: {
        template: (exporter, template) => this.#template(exporter, template),
        optionRecord: (exporter, template, bytes, start, end) => this.#option(exporter, template, bytes, start, end),
      },
    },
    this.#rows,
    (trouble) => this.#findings.push({ kind: 'trouble', trouble }),
  );

  /** What this datagram told; data that waited for its templates comes with them. */
  inspect(datagram: Datagram): Finding[] {
    const family = likeliestFamily(datagram.bytes, datagram.localPort);
    if (family === 'syslog') return this.#messages.inspect(datagram).map((row) => ({ kind: 'message', row }));
    if (family === 'snmp') return this.#inspectTrap(datagram);
    this.#decoder.decode(datagram);
    const findings = this.#findings.splice(0);
    for (const row of this.#rows.interfaces.take()) findings.push({ kind: 'interface', row });
    for (const row of this.#rows.applications.take()) findings.push({ kind: 'application', row });
    for (const row of this.#rows.flows.take()) findings.push({ kind: 'flow', row });
    for (const row of this.#rows.counterSamples.take()) findings.push({ kind: 'counters', row });
    this.#rows.exporters.take();
    return findings;
  }

  get totals(): Readonly<DecoderTotals> {
    return this.#decoder.totals;
  }

  /** Of syslog messages. */
  get messageTotals(): Readonly<SyslogTotals> {
    return this.#messages.totals;
  }

  /** Of SNMP notifications. */
  get trapTotals(): Readonly<SnmpTotals> {
    return this.#traps.totals;
  }

  #inspectTrap(datagram: Datagram): Finding[] {
    const { rows, header } = this.#traps.inspect(datagram);
    return header === undefined ? rows.map((row) => ({ kind: 'trap', row })) : [{ kind: 'v3-header', header }];
  }

  exporters(): Iterable<ExporterView> {
    return this.#decoder.exporters();
  }

  #template(exporter: Exporter, template: Template): void {
    const key = `${exporter.protocol} ${exporter.address} ${exporter.observationDomain} ${template.id}`;
    const { definition } = template;
    if (this.#known.get(key) === definition) return;
    if (this.#known.size >= MAX_KNOWN_TEMPLATES) this.#known.clear();
    this.#known.set(key, definition);
    const fields = template.fields.map(({ pen, id, length }, index) => ({
      pen,
      id,
      name: this.#registry.nameOf(pen, id),
      length,
      scope: index < template.scopeCount,
    }));
    this.#findings.push({
      kind: 'template',
      template: { ...whose(exporter), protocol: exporter.protocol, id: template.id, options: template.options, fields },
    });
  }

  #option(exporter: Exporter, template: Template, bytes: Buffer, start: number, end: number): void {
    const json = recordToJson(template.fields, bytes, start, end, this.#registry, () => undefined);
    const record: unknown = json === undefined ? bytes.toString('hex', start, end) : JSON.parse(json.text);
    this.#findings.push({ kind: 'option', option: { ...whose(exporter), templateId: template.id, record } });
  }
}

function whose(exporter: Exporter): { exporter: string; observationDomain: number } {
  return { exporter: exporter.address, observationDomain: exporter.observationDomain };
}
