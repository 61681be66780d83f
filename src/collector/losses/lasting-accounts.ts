import { writeLeftLosses } from '../../../collectors/accounts/loss-account.ts';
import type { LeftAccount, LoggedAccount } from '../../../collectors/accounts/logged-account.ts';
import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import type { FlowDecoder } from '../../../collectors/flow/flow-decoder.ts';
import type { SnmpDecoder } from '../../../collectors/snmp/snmp-decoder.ts';
import type { SyslogDecoder } from '../../../collectors/syslog/syslog-decoder.ts';
import type { RowSink } from '../../../collectors/row-sink.ts';
import type { OpenBatch } from '../../../storage/batch/batch.ts';
import type { DraftStore } from '../../../storage/journal/drafts/draft-store.ts';
import { AccountLogFile, leftAccounts, removeAccounts } from '../../../storage/losses/account-log-file.ts';
import type { Clock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/errors.ts';
import type { Component } from '../../runtime/lifecycle.ts';
import type { Log } from '../../runtime/log.ts';
import type { RowIntake } from '../pipelines/row-intake.ts';
import type { DroppedRows } from './dropped-rows.ts';

type Counting = 'accountLog' | 'loggedAccounts';

interface Counters {
  readonly flow: Pick<FlowDecoder, Counting | 'restoreSequence' | 'followedSequences'>;
  readonly syslog: Pick<SyslogDecoder, Counting>;
  readonly snmp: Pick<SnmpDecoder, Counting>;
  /** What the journal lost. */
  readonly dropped: Pick<DroppedRows, Counting>;
}

/** The batches whose rows are counted: counts are written with them. */
type CountedRows = Readonly<Record<'flow' | 'syslog' | 'snmp', Pick<OpenBatch, 'notes'>>>;

interface Place {
  /** Of the worker's journal, as of now. */
  readonly directory: () => string;
  readonly drafts: DraftStore;
  readonly intake: { open(...table: Parameters<RowIntake['open']>): RowSink; settle(): Promise<void> };
  readonly rows: CountedRows;
}

/**
 * The accounts of the loss ledger, and where sequence numbers stand, over the death of a worker and of the keeper: what the one before
 * had counted becomes rows, which take the place of those that it had written itself, and its sequence numbers go on.
 *
 *   started ──restore()──▶ logging ──stop()──▶ stopped, with the sequence numbers alone in the log
 */
export class LastingAccounts implements Component {
  readonly name = 'accounts';
  readonly #counters: Counters;
  readonly #place: Place;
  readonly #file: AccountLogFile;
  readonly #sink: RowSink;
  readonly #clock: Clock;
  readonly #log: Log;
  #restoredAtMicros = 0;

  constructor(counters: Counters, place: Place, clock: Clock, log: Log) {
    this.#counters = counters;
    this.#place = place;
    this.#clock = clock;
    this.#log = log;
    this.#sink = place.intake.open(LOSSES, 'small');
    this.#file = new AccountLogFile(place.directory, place.drafts, () => this.#all(), log);
  }

  /** Before the decoders, so that it ends after them: what they counted last is in rows then. */
  async start(): Promise<void> {}

  /** When the decoders know what others have learnt, and before the first datagram. */
  async restore(): Promise<void> {
    const { flow, syslog, snmp, dropped } = this.#counters;
    this.#restoredAtMicros = this.#clock.nowMicros();
    for (const account of await this.#left()) {
      if (!flow.restoreSequence(account, this.#restoredAtMicros)) writeLeftLosses(this.#sink, account);
    }
    // The log that they are in ends here.
    await this.#place.intake.settle();
    this.#file.open();
    const { rows } = this.#place;
    flow.accountLog = this.#file.withRows(rows.flow);
    syslog.accountLog = this.#file.withRows(rows.syslog);
    snmp.accountLog = this.#file.withRows(rows.snmp);
    dropped.accountLog = this.#file;
  }

  /**
   * Other workers end: the kernel may bring their senders here. Those that were restored and never heard since were such guests
   * before; where their numbers stood then is no gap now.
   */
  expectGuests(): void {
    for (const sequence of this.#counters.flow.followedSequences())
      if (sequence.seenAtMicros < this.#restoredAtMicros) sequence.forget();
  }

  async stop(): Promise<void> {
    this.#file.close(this.#counters.flow.followedSequences());
  }

  async #left(): Promise<LeftAccount[]> {
    try {
      return await leftAccounts(this.#place.directory());
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'what an earlier run counted of losses cannot be read');
      return [];
    }
  }

  *#all(): Iterable<LoggedAccount> {
    for (const counter of Object.values<Counters[keyof Counters]>({ ...this.#counters }))
      yield* counter.loggedAccounts();
  }
}

/** Brings what is left of accounts in a journal's folder that nobody owns into the loss ledger. */
export function takeLossesInto(intake: RowIntake): (directory: string) => Promise<void> {
  const sink = intake.open(LOSSES, 'small');
  return async (directory) => {
    for (const account of await leftAccounts(directory)) writeLeftLosses(sink, account);
    await intake.settle();
    await removeAccounts(directory);
  };
}
