import { oidText } from '../ber/oid.ts';
import type { SnmpName, SnmpNaming } from '../naming.ts';

/** What an OID is to the message itself, beside being the name of a value. */
type OidRole = 'uptime' | 'trap-oid' | 'trap-address' | 'trap-community' | 'trap-enterprise';

/** RFC 3416 section 4.2.6, RFC 3584 section 3.1. */
const ROLES: ReadonlyMap<string, OidRole> = new Map([
  ['1.3.6.1.2.1.1.3.0', 'uptime'],
  ['1.3.6.1.6.3.1.1.4.1.0', 'trap-oid'],
  ['1.3.6.1.6.3.1.1.4.3.0', 'trap-enterprise'],
  ['1.3.6.1.6.3.18.1.3.0', 'trap-address'],
  ['1.3.6.1.6.3.18.1.4.0', 'trap-community'],
]);

/** One OID as it goes into rows. */
export interface KnownOid {
  /** Its BER content. */
  readonly key: Buffer;
  /** Dotted numbers. */
  readonly text: string;
  /** The same as ASCII. */
  readonly textBytes: Buffer;
  readonly role: OidRole | undefined;
  readonly name: SnmpName | undefined;
  /** The name as UTF-8, without NUL. */
  readonly nameBytes: Buffer | undefined;
  /** `{"oid":…,"name":…,"type":"…","value":` for a value with tag `headTag`; made anew for another tag. */
  head: Buffer;
  headTag: number;
  /** The notification that this enterprise's `specific` means, since devices repeat themselves. */
  specific: KnownTrap | undefined;
}

export interface KnownTrap {
  readonly number: number;
  readonly textBytes: Buffer;
  readonly nameBytes: Buffer | undefined;
}

const SLOTS = 8192;
/** Longer ones are worked out anew each time, so that the table has a bound in bytes too: some 10 MB. */
const MAX_KEPT_OCTETS = 64;
/** The longest name that is stored, in UTF-16 units. */
const MAX_NAME_LENGTH = 255;
const NO_HEAD = Buffer.alloc(0);

/**
 * OIDs that were met, found by their bytes: text and name are made once. Each has one place, by its hash; another one with
 * the same place takes it over. So it is bounded without keeping account, and who sends OIDs made up to collide only makes
 * his own traps slower.
 */
export class OidTable {
  readonly #naming: SnmpNaming | undefined;
  #slots: (KnownOid | undefined)[] = Array.from({ length: SLOTS });
  #generation: number | undefined;

  constructor(naming: SnmpNaming | undefined) {
    this.#naming = naming;
    this.#generation = naming?.generation;
  }

  /** Forgets everything when names have changed. Once a datagram. */
  refresh(): void {
    if (this.#naming === undefined || this.#naming.generation === this.#generation) return;
    this.#generation = this.#naming.generation;
    this.#slots = Array.from({ length: SLOTS });
  }

  /** The OID with this BER content, or undefined where it is none. */
  find(bytes: Buffer, start: number, stop: number): KnownOid | undefined {
    const slot = hash(bytes, start, stop) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && isKey(known.key, bytes, start, stop)) return known;
    const text = oidText(bytes, start, stop);
    if (text === undefined) return undefined;
    const learnt = this.#learn(Buffer.from(bytes.subarray(start, stop)), text);
    if (stop - start <= MAX_KEPT_OCTETS) this.#slots[slot] = learnt;
    return learnt;
  }

  /** The trap `text` as it goes into rows; `number`: what stands for it in `KnownOid.specific`. */
  trap(text: string, number: number): KnownTrap {
    const name = this.#naming?.lookUp(text);
    return { number, textBytes: Buffer.from(text, 'latin1'), nameBytes: nameBytes(name) };
  }

  #learn(key: Buffer, text: string): KnownOid {
    const name = this.#naming?.lookUp(text);
    const textBytes = Buffer.from(text, 'latin1');
    const role = ROLES.get(text);
    return {
      key,
      text,
      textBytes,
      role,
      name,
      nameBytes: nameBytes(name),
      head: NO_HEAD,
      headTag: -1,
      specific: undefined,
    };
  }
}

function nameBytes(name: SnmpName | undefined): Buffer | undefined {
  return name === undefined ? undefined : Buffer.from(name.name.slice(0, MAX_NAME_LENGTH).replaceAll('\0', ''));
}

/** FNV-1a, its high bits folded into the low ones that choose the slot. */
function hash(bytes: Buffer, start: number, stop: number): number {
  let value = 0x811c9dc5;
  for (let at = start; at < stop; at += 1) value = Math.imul(value ^ (bytes[at] ?? 0), 0x01000193);
  return value ^ (value >>> 15);
}

function isKey(key: Buffer, bytes: Buffer, start: number, stop: number): boolean {
  const length = stop - start;
  if (key.length !== length) return false;
  // From the end: OIDs of one device differ there.
  for (let index = length - 1; index >= 0; index -= 1) if (key[index] !== bytes[start + index]) return false;
  return true;
}
