import type { AccountLog, LoggedAccount } from '../accounts/logged-account.ts';
import { spreadDrops } from '../accounts/spread-drops.ts';
import type { Datagram } from '../datagram.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { WarmEntry, WarmState } from '../warm-state.ts';
import { BerReader } from './ber/ber-reader.ts';
import {
  type Communities,
  SNMP_DECODER_DEFAULTS,
  type SnmpDecoderOptions,
  type SnmpDecoderParts,
  type SnmpTotals,
} from './decoder-options.ts';
import { encodeElement } from './ber/ber-writer.ts';
import { OCTET_STRING, SEQUENCE } from './ber/tags.ts';
import { InformDesk, type ReplyTo } from './inform/inform-desk.ts';
import { type Envelope, readEnvelope, readV3Message, type SnmpVersion, withoutCommunity } from './message/envelope.ts';
import { encodeMessage } from './message/response.ts';
import { NotificationDesk } from './row/notification-desk.ts';
import { writeRawRow } from './row/trap-row.ts';
import type { SecurityAccepted, SecurityLevel, V3Message } from './security.ts';
import { type Source, SourceTable, type SourceView } from './source-table.ts';
import type { RefusedReason, SnmpTrouble, UndecodableReason } from './trouble.ts';
import { OidTable } from './varbind/oid-table.ts';
import { decodeInform, encodeInform, INFORM_KIND } from './warm/warm-values.ts';

// msgFlags and msgSecurityModel of RFC 3412 section 6.
const AUTH = 1;
const PRIV = 2;
const USM = 3;
const LEVEL_CODES: Readonly<Record<SecurityLevel, number>> = {
  noAuthNoPriv: 'n'.charCodeAt(0),
  authNoPriv: 'a'.charCodeAt(0),
  authPriv: 'p'.charCodeAt(0),
};
const NO_FLAGS: readonly string[] = [];

/**
 * The front door of the SNMP collector: a datagram of any version in, a row of `snmp_traps` out; no I/O and no timers.
 * Informs are answered once their rows are safe. Never throws.
 */
export class SnmpDecoder implements WarmState {
  onWarmChange: ((entry: WarmEntry) => void) | undefined;
  /** Where what is counted survives this process. Set before the first datagram. */
  accountLog: AccountLog | undefined;
  readonly #options: Required<SnmpDecoderOptions>;
  readonly #parts: SnmpDecoderParts;
  #communities: Communities;
  readonly #oids: OidTable;
  readonly #reader = new BerReader();
  readonly #desk: NotificationDesk;
  readonly #informs: InformDesk;
  readonly #sources: SourceTable;
  readonly #rawAllowance: TokenBucket;
  readonly #envelope: Envelope = { version: 1, start: 0, end: 0, communityStart: 0, communityStop: 0 };
  readonly #counts = {
    datagrams: 0,
    bytes: 0,
    undecodable: 0,
    unknownCommunity: 0,
    refused: 0,
    reports: 0,
    replays: 0,
    storedRaw: 0,
    rawSuppressed: 0,
  };
  /** Of undecodable datagrams and refused senders. */
  readonly #reasons = new Map<string, number>();
  #latestMicros = 0;

  constructor(options: SnmpDecoderOptions, parts: SnmpDecoderParts) {
    this.#options = { ...SNMP_DECODER_DEFAULTS, ...options };
    this.#parts = parts;
    this.#communities = this.#options.communities;
    this.#oids = new OidTable(parts.naming);
    const { maxInforms, informSeconds, informWaitingBytes, maxSources } = this.#options;
    const limits = { maxInforms, maxAgeSeconds: informSeconds, maxWaitingBytes: informWaitingBytes };
    this.#informs = new InformDesk(limits, parts.acceptance, parts.reply);
    this.#informs.onAccepted = (key, receivedAtMicros) => {
      this.onWarmChange?.({ kind: INFORM_KIND, key: key.toString('hex'), value: encodeInform(receivedAtMicros) });
    };
    this.#desk = new NotificationDesk(parts.traps, this.#informs, this.#oids);
    const { rawPerMinutePerSource, rawPerMinute } = this.#options;
    this.#sources = new SourceTable(maxSources, rawPerMinutePerSource / 60, rawPerMinutePerSource);
    this.#sources.forgotten = ({ tally }) => tally.write(this.#parts.losses);
    this.#rawAllowance = new TokenBucket(rawPerMinute / 60, rawPerMinute);
  }

  /** Decodes one datagram of whatever version. */
  decode(datagram: Datagram): void {
    this.#counts.datagrams += 1;
    this.#counts.bytes += datagram.bytes.length;
    this.#latestMicros = datagram.receivedAtMicros;
    const source = this.#sources.at(datagram.sourceAddress);
    source.tally.arrive(this.#parts.losses, datagram.receivedAtMicros, this.accountLog);
    const rowsBefore = this.#rows();
    try {
      this.#oids.refresh();
      this.#dispatch(datagram, source);
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#undecodable(datagram, source, undefined, 'internal-error', detail);
    }
    source.tally.rows += this.#rows() - rowsBefore;
  }

  /** To be called every few seconds, and at the end: writes what was counted for the loss ledger. */
  sweep(): void {
    for (const { tally } of this.#sources) tally.write(this.#parts.losses);
  }

  /** Spreads datagrams that the kernel dropped over the sources heard of late: nobody knows whose they were. */
  spreadKernelDrops(drops: number): void {
    const tallies = Array.from(this.#sources, ({ tally }) => tally);
    spreadDrops(
      drops,
      tallies,
      (tally) => tally.recentDatagrams,
      (tally) => tally.counted(this.accountLog),
    );
  }

  /** Whose counts must survive the process. */
  *loggedAccounts(): Iterable<LoggedAccount> {
    for (const { tally } of this.#sources) yield tally.account;
  }

  #rows(): number {
    return this.#desk.traps + this.#desk.informs + this.#counts.storedRaw;
  }

  /** From the next datagram on. Empty: all are accepted. */
  replaceCommunities(communities: Communities): void {
    this.#communities = communities;
  }

  /** Knows an inform again that an earlier run, or another node, has stored. `key`: as in the column `inform_key`. */
  restoreInform(key: Buffer, receivedAtMicros: number): void {
    this.#informs.restore(key, receivedAtMicros);
  }

  /** Informs that are safe. What is known of senders' engines is told by security. */
  *warmEntries(): Iterable<WarmEntry> {
    for (const { key, receivedAtMicros } of this.#informs.accepted(this.#latestMicros))
      yield { kind: INFORM_KIND, key: key.toString('hex'), value: encodeInform(receivedAtMicros) };
  }

  /** Informs are forgotten by their age alone. */
  restoreWarm({ kind, key, value }: WarmEntry): void {
    const inform = kind === INFORM_KIND && value !== undefined ? decodeInform(key, value) : undefined;
    if (inform !== undefined) this.restoreInform(inform.key, inform.receivedAtMicros);
  }

  /** Senders with trouble, by address: as many as are remembered. */
  sources(): Iterable<SourceView> {
    return this.#sources.withTrouble();
  }

  /** How often each reason for an undecodable datagram or a refused sender was met. */
  get reasons(): ReadonlyMap<string, number> {
    return this.#reasons;
  }

  get totals(): Readonly<SnmpTotals> {
    return {
      ...this.#counts,
      traps: this.#desk.traps,
      informs: this.#desk.informs,
      notNotifications: this.#desk.notNotifications,
      informRetransmissions: this.#informs.retransmissions,
      acknowledged: this.#informs.acknowledged,
      informsLost: this.#informs.lost,
      sources: this.#sources.size,
      sourceEvictions: this.#sources.evictions,
    };
  }

  #dispatch(datagram: Datagram, source: Source): void {
    const envelope = this.#envelope;
    this.#reader.open(datagram.bytes, 0);
    const failure = readEnvelope(this.#reader, envelope);
    if (failure !== undefined) return this.#undecodable(datagram, source, undefined, failure);
    if (envelope.version === 3) return this.#decodeV3(datagram, source);
    const { communityStart, communityStop } = envelope;
    const community = datagram.bytes.toString('latin1', communityStart, communityStop);
    const securityName = this.#communities.get(community);
    if (securityName === undefined && this.#communities.size > 0) {
      this.#counts.unknownCommunity += 1;
      source.unknownCommunity += 1;
      source.tally.countUndecodable('unknown-community');
      return this.#tell(datagram, 'refused', 'unknown-community');
    }
    this.#decodeCommunityMessage(datagram, source, envelope.version, securityName);
  }

  #decodeCommunityMessage(
    datagram: Datagram,
    source: Source,
    version: SnmpVersion,
    securityName: string | undefined,
  ): void {
    const { bytes, receivedAtMicros } = datagram;
    const reader = this.#reader;
    const { start, end } = this.#envelope;
    const pduStart = reader.at;
    const trailingBytes = end < bytes.length;
    const context = { receivedAtMicros, source, version, trailingBytes, securityName, security: undefined };
    const failure = this.#desk.take(reader, end, datagram, context, NO_FLAGS, {
      // Not the community itself: the key is stored.
      sender: () => `${version} ${securityName ?? ''}`,
      respond: (response) => {
        const message = encodeMessage(bytes.subarray(start, pduStart), response);
        return { size: message.length, encode: () => message };
      },
    });
    if (failure !== undefined) this.#undecodable(datagram, source, version, failure);
  }

  #decodeV3(datagram: Datagram, source: Source): void {
    const message = readV3Message(this.#reader, this.#envelope.end);
    if (typeof message === 'string') return this.#undecodable(datagram, source, 3, message);
    const reason = this.#whyNotSecure(message);
    if (reason !== undefined) return this.#refused(datagram, source, reason);
    const result = this.#parts.security?.process(message, datagram);
    switch (result?.kind) {
      case 'ok':
        return this.#decodeScopedPdu(datagram, source, result);
      case 'report':
        this.#counts.reports += 1;
        source.countRefused(result.reason);
        this.#parts.reply(result.reply, replyTo(datagram));
        return this.#tell(datagram, 'refused', result.reason);
      case 'replay':
        this.#counts.replays += 1;
        return;
      case 'refused':
        return this.#refused(datagram, source, result.reason);
      case undefined:
        return this.#refused(datagram, source, 'no-security');
    }
  }

  #whyNotSecure({ securityModel, flags }: V3Message): RefusedReason | undefined {
    if (securityModel !== USM) return 'security-model';
    return (flags & (AUTH | PRIV)) === PRIV ? 'message-flags' : undefined;
  }

  /** RFC 3412 section 6: contextEngineID, contextName, data. What follows is padding of the encryption. */
  #decodeScopedPdu(datagram: Datagram, source: Source, accepted: SecurityAccepted): void {
    const reader = this.#reader;
    const bytes = accepted.scopedPdu;
    reader.open(bytes, 0);
    const end = reader.into(SEQUENCE, bytes.length);
    const headStart = reader.at;
    reader.expect(OCTET_STRING, end);
    const contextEngineId = bytes.subarray(reader.start, reader.stop);
    reader.expect(OCTET_STRING, end);
    const contextName = bytes.subarray(reader.start, reader.stop);
    if (reader.failure !== undefined) return this.#undecodable(datagram, source, 3, reader.failure);
    const head = bytes.subarray(headStart, reader.at);
    const { engineId, boots, time, user } = accepted;
    const security = { level: LEVEL_CODES[accepted.level], engineId, boots, time, contextEngineId, contextName };
    const context = {
      receivedAtMicros: datagram.receivedAtMicros,
      source,
      version: 3 as const,
      trailingBytes: this.#envelope.end < datagram.bytes.length,
      securityName: user,
      security,
    };
    const failure = this.#desk.take(reader, end, datagram, context, accepted.flags, {
      sender: () => `3 ${engineId.toString('hex')} ${head.toString('hex')} ${user}`,
      respond: (response) => {
        const scopedPdu = encodeElement(SEQUENCE, head, response);
        return { size: scopedPdu.length, encode: () => accepted.respond(scopedPdu) };
      },
    });
    if (failure !== undefined) this.#undecodable(datagram, source, 3, failure);
  }

  #refused(datagram: Datagram, source: Source, reason: string): void {
    this.#counts.refused += 1;
    source.countRefused(reason);
    source.tally.countUndecodable(reason);
    this.#tell(datagram, 'refused', reason);
  }

  /** Keeps the bytes as a row as far as the allowances go. */
  #undecodable(
    datagram: Datagram,
    source: Source,
    version: SnmpVersion | undefined,
    reason: UndecodableReason,
    detail = '',
  ): void {
    const { receivedAtMicros } = datagram;
    this.#counts.undecodable += 1;
    source.undecodable += 1;
    source.tally.countUndecodable(reason);
    this.#tell(datagram, 'undecodable', reason, detail);
    if (!source.rawAllowance.take(receivedAtMicros, 1) || !this.#rawAllowance.take(receivedAtMicros, 1)) {
      this.#counts.rawSuppressed += 1;
      return;
    }
    const raw = withoutCommunity(datagram.bytes, this.#options.maxRawBytes);
    writeRawRow(this.#parts.traps, { receivedAtMicros, source, version, reason, raw });
    this.#counts.storedRaw += 1;
  }

  #tell(datagram: Datagram, kind: SnmpTrouble['kind'], reason: string, detail = ''): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    this.#parts.report?.({ kind, reason, detail, address: datagram.sourceAddress, port: datagram.sourcePort });
  }
}

function replyTo({ sourceAddress, sourcePort, localPort }: Datagram): ReplyTo {
  return { address: sourceAddress, port: sourcePort, localPort };
}
