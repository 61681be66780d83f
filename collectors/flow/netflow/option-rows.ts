import { writeFieldCount, writeInt8, writeNull, writeText, writeTimestamp } from '../../copy-format.ts';
import type { RowSink } from '../../row-sink.ts';
import type { FlowSinks } from '../sinks.ts';
import type { Exporter } from '../exporter/exporter.ts';
import { APPLICATIONS, INTERFACES } from '../tables.ts';

/** A name that has not changed is written again after this long, so that its `seen_at` tells something. */
const REPEAT_AFTER_MICROS = 3_600_000_000;
/** Names that are remembered as written, of all exporters together. Forgetting one costs a superfluous row. */
const MAX_REMEMBERED = 50_000;
/** Room for the fields that are not text. */
const FIXED_BYTES = 256;

/** Writes the rows of `interfaces` and `applications`; exporters repeat them every few minutes, rows are for what is new. */
export class OptionRows {
  readonly #sinks: FlowSinks;
  readonly #written = new Map<string, { readonly value: string; readonly atMicros: number }>();

  constructor(sinks: FlowSinks) {
    this.#sinks = sinks;
  }

  interfaceNamed(exporter: Exporter, ifIndex: number, name: string, description: string): void {
    const now = exporter.context.receivedAtMicros;
    // Name and description may come in option tables of their own.
    const kind = `${name === '' ? '' : 'n'}${description === '' ? '' : 'd'}`;
    if (!this.#isNews(`${exporter.address} if ${ifIndex} ${kind}`, `${name}\n${description}`, now)) return;
    const sink = this.#sinks.interfaces;
    sink.reserve(FIXED_BYTES + 3 * (name.length + description.length));
    const out = sink.bytes;
    let at = writeFieldCount(out, sink.position, INTERFACES.columns.length);
    at = writeTimestamp(out, at, now);
    at = writeInt8(out, at, ifIndex);
    at = writeField(out, at, exporter.context.exporterField);
    at = writeTextOrNull(out, at, name);
    sink.commit(writeTextOrNull(out, at, description), 1);
  }

  applicationNamed(exporter: Exporter, id: string, name: string, description: string, category: string): void {
    const now = exporter.context.receivedAtMicros;
    if (!this.#isNews(`${exporter.address} app ${id}`, `${name}\n${description}\n${category}`, now)) return;
    const sink = this.#sinks.applications;
    sink.reserve(FIXED_BYTES + 3 * (id.length + name.length + description.length + category.length));
    const out = sink.bytes;
    let at = writeFieldCount(out, sink.position, APPLICATIONS.columns.length);
    at = writeTimestamp(out, at, now);
    at = writeField(out, at, exporter.context.exporterField);
    at = writeText(out, at, id);
    at = writeTextOrNull(out, at, name);
    at = writeTextOrNull(out, at, description);
    sink.commit(writeTextOrNull(out, at, category), 1);
  }

  #isNews(key: string, value: string, nowMicros: number): boolean {
    const known = this.#written.get(key);
    if (known?.value === value && nowMicros - known.atMicros < REPEAT_AFTER_MICROS) return false;
    this.#written.delete(key);
    this.#written.set(key, { value, atMicros: nowMicros });
    if (this.#written.size > MAX_REMEMBERED) this.#forgetOldTenth();
    return true;
  }

  #forgetOldTenth(): void {
    let toForget = MAX_REMEMBERED / 10;
    for (const key of this.#written.keys()) {
      if (toForget-- <= 0) return;
      this.#written.delete(key);
    }
  }
}

function writeTextOrNull(out: Buffer, at: number, text: string): number {
  return text === '' ? writeNull(out, at) : writeText(out, at, text);
}

function writeField(out: Buffer, at: number, field: Buffer): number {
  return at + field.copy(out, at);
}

/** Writes what was counted at an exporter since its last such row; nothing when nothing was. */
export function writeExporterRow(sink: RowSink, exporter: Exporter, nowMicros: number): void {
  const { written } = exporter;
  const since = COUNTED.map((name) => exporter[name] - (written[name] ?? 0));
  exporter.writtenAtMicros = nowMicros;
  if (since.every((count) => count === 0)) return;
  for (const name of COUNTED) written[name] = exporter[name];
  sink.reserve(FIXED_BYTES + 3 * exporter.protocol.length);
  const out = sink.bytes;
  let at = writeFieldCount(out, sink.position, COUNTED.length + 4);
  at = writeTimestamp(out, at, exporter.lastSeenMicros);
  at = writeInt8(out, at, exporter.observationDomain);
  for (const count of since) at = writeInt8(out, at, count);
  at = writeField(out, at, exporter.context.exporterField);
  sink.commit(writeText(out, at, exporter.protocol), 1);
}

/** In the order of the table's columns. */
const COUNTED = [
  'datagrams',
  'records',
  'lost',
  'reordered',
  'restarts',
  'undecodable',
  'held',
  'heldExpired',
] as const;
