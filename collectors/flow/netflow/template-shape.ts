import { type FieldSpecifier, VARIABLE_LENGTH } from '../record/record.ts';
import type { TemplateDefinition } from './sets.ts';
import type { Template } from './template-store.ts';

/** A set may be padded to four bytes (RFC 3954 section 5.3, RFC 7011 section 3.3.1). */
export const MAX_PADDING_BYTES = 3;

/** In force from now on, and not told to anybody. `wire`: its record, one character a byte. */
export function newTemplate(definition: TemplateDefinition, wire: string): Template {
  return { ...definition, definition: wire, program: undefined, names: 0, usedAt: 0, toldAtMicros: 0 };
}

/** Bytes of the smallest record; a field of variable length has at least the byte that says so. */
export function smallestRecord(fields: readonly FieldSpecifier[]): number {
  let bytes = 0;
  for (const { length } of fields) bytes += length === VARIABLE_LENGTH ? 1 : length;
  return bytes;
}

/** A record has at least one byte, or reading would never end, and fits a datagram. */
export function isUsable(fields: readonly FieldSpecifier[]): boolean {
  const bytes = smallestRecord(fields);
  return bytes > 0 && bytes <= 65_535;
}

/** Whether a set of `length` bytes can hold whole records of `template`: asked before one of another session is used. */
export function fits(template: Template, length: number): boolean {
  const smallest = smallestRecord(template.fields);
  if (template.fields.some((field) => field.length === VARIABLE_LENGTH)) return length >= smallest;
  return length >= smallest && length % smallest <= MAX_PADDING_BYTES;
}
