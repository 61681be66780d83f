import type { RowSink } from '../row-sink.ts';
import type { AccountLog } from './logged-account.ts';
import { LossAccount } from './loss-account.ts';
import type { LossCounts } from './loss-row.ts';

/** What was counted at one sender without sequence numbers, since it was first heard. */
export class LossTally implements LossCounts {
  /** Datagrams, and messages over connections. */
  datagrams = 0;
  rows = 0;
  undecodable = 0;
  filtered = 0;
  /** Its share of an estimate. */
  kernelDrops = 0;
  readonly account: LossAccount;
  // What nobody can count here.
  readonly received = 0;
  readonly lost = 0;
  readonly duplicates = 0;
  readonly reordered = 0;
  readonly restarts = 0;
  readonly held = 0;
  readonly heldDecoded = 0;
  readonly heldExpired = 0;
  readonly dropped = 0;

  constructor(family: 'flow' | 'syslog' | 'snmp', senderField: Buffer) {
    this.account = new LossAccount({ family, protocol: '', observationDomain: 0, senderField }, this);
  }

  /** One more datagram. What was counted until now is written where it was in an earlier minute. */
  arrive(sink: RowSink, nowMicros: number, log: AccountLog | undefined): void {
    this.account.atTime(sink, nowMicros);
    this.datagrams += 1;
    this.counted(log);
  }

  counted(log: AccountLog | undefined): void {
    if (!this.account.isLogDue) log?.changed(this.account);
  }

  countUndecodable(reason: string): void {
    this.undecodable += 1;
    this.account.countReason(reason);
  }

  get recentDatagrams(): number {
    return this.account.recentDatagrams;
  }

  write(sink: RowSink): void {
    this.account.write(sink);
  }
}
