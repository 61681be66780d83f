import { DroppedMinute } from '../../../collectors/accounts/dropped-minute.ts';
import type { AccountLog, LoggedAccount } from '../../../collectors/accounts/logged-account.ts';
import { MINUTE_MICROS } from '../../../collectors/accounts/loss-row.ts';
import { MAX_RESERVE_BYTES, type RowSink } from '../../../collectors/row-sink.ts';
import { leadingTimestamp, rowFields, rowOffsets } from '../../../storage/batch/copy-reader.ts';
import type { SealedBatch } from '../../../storage/batch/batch-format.ts';
import type { LostRows } from '../../../storage/journal/lost-batch.ts';
import type { Clock } from '../../runtime/clock.ts';

type Family = 'flow' | 'syslog' | 'snmp';

/** Whose rows a table has, and which column tells of whom. */
const TABLES: Readonly<Record<string, { readonly family: Family; readonly sender: string }>> = {
  flows: { family: 'flow', sender: 'exporter' },
  syslog_messages: { family: 'syslog', sender: 'device' },
  snmp_traps: { family: 'snmp', sender: 'device' },
};

/** The address `::` as an inet field: PostgreSQL's family 3 (IPv6), 128 bits, no CIDR, 16 bytes. */
const NOBODY = Buffer.from(`0000001403800010${'00'.repeat(16)}`, 'hex');
/** Senders and minutes that are told apart; more count for nobody. */
const MAX_ACCOUNTS = 50_000;
const MAX_KEPT_BYTES = 4 << 20;

/**
 * Rows that the journal lost, by sender and minute, until they can be written themselves: where they are lost for want of room, so
 * would be their count.
 */
export class DroppedRows {
  /** Where what is counted survives this process. */
  accountLog: AccountLog | undefined;
  readonly #clock: Clock;
  #accounts = new Map<string, DroppedMinute>();
  /** Rows of the ledger that were lost themselves, to be written again. */
  #kept: Buffer[] = [];
  #keptBytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** As the journal tells of them. */
  readonly take = ({ table, rows, batch }: LostRows): void => {
    if (table === 'losses' && batch !== undefined) return this.#keep(batch);
    const known = TABLES[table];
    if (known === undefined) return;
    if (batch === undefined) return this.#count(known.family, NOBODY, this.#clock.nowMicros(), rows);
    const column = batch.columns.indexOf(known.sender);
    for (const offset of rowOffsets(batch.body).slice(0, -1)) {
      const micros = leadingTimestamp(batch.body, offset) ?? this.#clock.nowMicros();
      this.#count(known.family, fieldOf(rowFields(batch.body, offset)[column]), micros, 1);
    }
  };

  /** Writes what was counted, when there is room again. */
  write(sink: RowSink): void {
    const accounts = this.#accounts;
    this.#accounts = new Map();
    for (const account of accounts.values()) account.write(sink);
    const kept = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    for (const row of kept) {
      sink.reserve(row.length);
      sink.commit(sink.position + row.copy(sink.bytes, sink.position), 1);
    }
  }

  /** Whose counts must survive the process: those that are in no row yet. */
  loggedAccounts(): Iterable<LoggedAccount> {
    return this.#accounts.values();
  }

  #count(family: Family, senderField: Buffer, micros: number, rows: number): void {
    const minuteMicros = micros - (micros % MINUTE_MICROS);
    const key = `${family} ${senderField.toString('latin1')} ${minuteMicros}`;
    let account = this.#accounts.get(key);
    if (account === undefined) {
      if (this.#accounts.size >= MAX_ACCOUNTS && senderField !== NOBODY)
        return this.#count(family, NOBODY, micros, rows);
      account = new DroppedMinute({ family, senderField, protocol: '', observationDomain: 0 }, minuteMicros);
      this.#accounts.set(key, account);
    }
    account.dropped += rows;
    if (!account.isLogDue) this.accountLog?.changed(account);
  }

  #keep({ body }: SealedBatch): void {
    const offsets = rowOffsets(body);
    for (const [index, start] of offsets.slice(0, -1).entries()) {
      const row = Buffer.from(body.subarray(start, offsets[index + 1]));
      if (row.length > MAX_RESERVE_BYTES || this.#keptBytes + row.length > MAX_KEPT_BYTES) return;
      this.#keptBytes += row.length;
      this.#kept.push(row);
    }
  }
}

/** A field with its length before it, as rows carry it. */
function fieldOf(field: Buffer | undefined): Buffer {
  if (field === undefined) return NOBODY;
  const whole = Buffer.alloc(4 + field.length);
  whole.writeInt32BE(field.length);
  field.copy(whole, 4);
  return whole;
}
