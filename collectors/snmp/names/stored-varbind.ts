import type { SnmpNaming } from '../naming.ts';

/** A varbind as the column `varbinds` of `snmp_traps` has it. */
export interface StoredVarbind {
  /** Dotted numbers. */
  readonly oid: string;
  readonly name?: string;
  /** `Integer`, `OctetString`, … */
  readonly type: string;
  readonly value: string | number | null;
  /** The value is hexadecimal. */
  readonly encoding?: 'hex';
  readonly text?: string;
}

/**
 * A stored varbind with the name and text that it would get today: a MIB file that was found later names history as well. Where
 * nothing is known today, what was stored stays.
 */
export function nameAgain(naming: SnmpNaming, varbind: StoredVarbind): StoredVarbind {
  const found = naming.lookUp(varbind.oid);
  const text = textToday(naming, varbind);
  return {
    ...varbind,
    ...(found !== undefined && { name: found.name }),
    ...(text !== undefined && { text }),
  };
}

function textToday(naming: SnmpNaming, { oid, type, value, encoding }: StoredVarbind): string | undefined {
  const name = naming.lookUp(oid);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? name?.integerText?.(value) : undefined;
  if (value === null) return undefined;
  if (type === 'ObjectIdentifier') return naming.lookUp(value)?.name;
  if (type !== 'OctetString') return undefined;
  return name?.octetsText?.(Buffer.from(value, encoding === 'hex' ? 'hex' : 'utf8'));
}
