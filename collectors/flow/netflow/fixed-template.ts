import type { FieldSpecifier } from '../record/record.ts';

/** Field specifiers of IANA's elements: id and length in bytes. For the versions whose records never change. */
export function iana(fields: readonly (readonly [id: number, length: number])[]): readonly FieldSpecifier[] {
  return fields.map(([id, length]) => ({ pen: 0, id, length }));
}
