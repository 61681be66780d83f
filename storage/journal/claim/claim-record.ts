/** What a claim says of its owner. */
export interface ClaimRecord {
  /** Of this claim alone, so that it is never taken for a later one of the same name. */
  readonly id: string;
  readonly node: string;
  readonly hostname: string;
  /** Of the boot of the machine, `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
  /** Process numbers mean something within it only; containers of one machine have different ones. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** When the process started, in ticks since the boot; '-' where the system does not tell. */
  readonly start: string;
  /** `own`: rows are received into the folder; `adopt`: what is in it is written, and the folder removed. */
  readonly purpose: ClaimPurpose;
  /** Raised while the owner lives. */
  readonly beat: number;
}

export type ClaimPurpose = 'own' | 'adopt';

/** Every record fills as much, so that one write in place replaces it, which needs no room on a disk that is full. */
const RECORD_BYTES = 1024;
const CLAIM_NAME = /^claim\.(\d{1,15})$/;

export function encodeRecord(record: ClaimRecord): Buffer {
  const json = Buffer.from(JSON.stringify(record));
  const bytes = Buffer.alloc(Math.max(RECORD_BYTES, json.length + 1), ' ');
  json.copy(bytes);
  bytes[bytes.length - 1] = 0x0a;
  return bytes;
}

/** Undefined where `text` is none, as when only a part of it was written so far. */
export function parseRecord(text: string): ClaimRecord | undefined {
  let value: Record<string, unknown>;
  try {
    value = Object(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { id, node, hostname, bootId, pidNamespace, pid, start, purpose, beat } = value;
  if (typeof id !== 'string' || typeof node !== 'string' || typeof hostname !== 'string') return undefined;
  if (typeof bootId !== 'string' || typeof pidNamespace !== 'string' || typeof start !== 'string') return undefined;
  if (!isNumber(pid) || !isNumber(beat) || (purpose !== 'own' && purpose !== 'adopt')) return undefined;
  return { id, node, hostname, bootId, pidNamespace, pid, start, purpose, beat };
}

export function claimName(epoch: number): string {
  return `claim.${epoch}`;
}

/** The epoch of a claim's file name; undefined where it is none. */
export function epochOf(name: string): number | undefined {
  const digits = CLAIM_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
