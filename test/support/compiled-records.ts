import { compileProgram } from '../../collectors/flow/record/record-program.ts';
import { type Element, ElementRegistry } from '../../collectors/flow/elements/registry.ts';
import type { FieldSpecifier, RecordContext } from '../../collectors/flow/record/record.ts';
import { FLOWS } from '../../collectors/flow/tables.ts';
import { MemorySink } from './memory-sink.ts';

/** 2026-03-01 12:00:00 UTC, microseconds since the Unix epoch. */
export const EXPORTED_AT = 1_772_366_400_000_000;
export const RECEIVED_AT = EXPORTED_AT + 123_456;

/** A datagram of NetFlow from 192.0.2.1, its uptime 1,000 seconds, sampling unknown. */
export function contextOf(changes: Partial<RecordContext> = {}): RecordContext {
  return {
    receivedAtMicros: RECEIVED_AT,
    exportedAtMicros: EXPORTED_AT,
    uptimeMs: 1_000_000,
    bootedAtMicros: NaN,
    exporterField: Buffer.from('0000000802200004c0000201', 'hex'),
    observationDomain: 0,
    sampling: { override: 0, rateOfSelector: () => 0, rateOfInterface: () => 0, fallback: 0, fallbackSource: 0 },
    ...changes,
  };
}

/** [id, length] of IANA's elements, or [enterprise number, id, length]. */
export type FieldTuple = readonly [number, number] | readonly [number, number, number];

export function fieldsOf(tuples: readonly FieldTuple[]): FieldSpecifier[] {
  return tuples.map((tuple) =>
    tuple.length === 2 ? { pen: 0, id: tuple[0], length: tuple[1] } : { pen: tuple[0], id: tuple[1], length: tuple[2] },
  );
}

/** Compiles the template, decodes `hex` (blanks are allowed) and gives the rows without their NULLs. */
export function rowsOf(
  tuples: readonly FieldTuple[],
  hex: string,
  changes: Partial<RecordContext> = {},
  userElements: readonly Element[] = [],
): Record<string, unknown>[] {
  const registry = new ElementRegistry(userElements);
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const sink = new MemorySink(FLOWS);
  compileProgram(fieldsOf(tuples), registry).run(bytes, 0, bytes.length, Infinity, contextOf(changes), sink);
  return sink.read().map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

/** The only row, without what every row has: `received_at` and `exporter`. */
export function rowOf(
  tuples: readonly FieldTuple[],
  hex: string,
  changes: Partial<RecordContext> = {},
  userElements: readonly Element[] = [],
): Record<string, unknown> {
  const rows = rowsOf(tuples, hex, changes, userElements);
  if (rows.length !== 1 || rows[0] === undefined) throw new Error(`${rows.length} rows, not one`);
  const { received_at: _receivedAt, exporter: _exporter, ...rest } = rows[0];
  return rest;
}
