import { OCTET_STRING, TRAP_V2 } from '../ber/tags.ts';
import type { SecurityAccepted, SecurityProcessor, SecurityResult } from '../security.ts';
import type { SecuritySource, V3Message } from '../security.ts';
import type { EngineClock } from './engines/engine-identity.ts';
import { EngineTable, type SenderState } from './engines/engine-table.ts';
import { judgeTime, type TimeTrouble } from './engines/engine-time.ts';
import { ReplayMemory } from './engines/replay-memory.ts';
import { SenderEngine } from './engines/sender-engine.ts';
import { arrangeIncoming, asksForAnswer, clearPdu, type Incoming, levelOf } from './message/incoming.ts';
import { outlineOf, readSecurityParameters } from './message/security-parameters.ts';
import { OwnEngine } from './own-engine.ts';
import { type RefusalReason, STAT_OF_REASON } from './refusal.ts';
import { FailureSources, type SourceFailures } from './sources/failure-sources.ts';
import { KnownSources, SourceBudget } from './sources/source-budget.ts';
import { USM_DEFAULTS, type UsmOptions } from './usm-options.ts';
import { createUsmTotals, type UsmTotals } from './usm-totals.ts';
import { UserTable } from './users/user-table.ts';
import type { UsmUserOptions } from './users/user-options.ts';
import { LEVEL_BITS, type UsmUser } from './users/user.ts';
import type { WarmEntry, WarmState } from '../../warm-state.ts';
import { EngineWarmth } from '../warm/engine-warmth.ts';

const USM = 3;
const AUTH_FLAG = 1;
const PRIV_FLAG = 2;

const MAX_KNOWN_SOURCES = 10_000;
const MAX_FAILURE_SOURCES = 256;

interface Refusal {
  readonly reason: RefusalReason;
  /** Who proved to have sent it, so that the report can be signed. */
  readonly provenUser?: UsmUser;
}

type Outcome = SecurityAccepted | { readonly kind: 'replay' } | Refusal;

/**
 * SNMPv3's user-based security model for a receiver of notifications (RFC 3414 section 3.2, with RFC 3826 and RFC 7860).
 *
 *   parse ─▶ whose engine ─▶ user and level ─▶ digest ─▶ time window ─▶ decrypt ─▶ seen before? ─▶ ok
 *     │            │               │              │           │            │             └▶ replay
 *     └────────────┴───────────────┴──────────────┴───────────┴────────────┴▶ refused, or a report to who asks for one
 *
 * A trap is judged by its sender's engine, an inform by ours. Nothing is remembered of a sender, and nothing decrypted, before the
 * digest was right. Does no input or output; bytes and arrival times come in, bytes go out.
 */
export class UsmProcessor implements SecurityProcessor, WarmState {
  readonly totals: UsmTotals = createUsmTotals();
  readonly #isStrict: boolean;
  readonly #own: OwnEngine;
  readonly #engines: EngineTable;
  readonly #warmth: EngineWarmth;
  readonly #replays: ReplayMemory;
  readonly #contacts: SourceBudget;
  readonly #reports: SourceBudget;
  readonly #knownSources = new KnownSources(MAX_KNOWN_SOURCES);
  readonly #failures = new FailureSources(MAX_FAILURE_SOURCES);
  #users: UserTable;

  /**
   * @param engine our own; until it has an id, no inform can be for us and nothing is reported
   * @throws DogwatchError `SNMP_USER_INVALID`
   */
  constructor(options: UsmOptions, engine: EngineClock) {
    const contacts = options.firstContacts ?? USM_DEFAULTS.firstContacts;
    const reports = options.reports ?? USM_DEFAULTS.reports;
    this.#isStrict = (options.timeWindow ?? USM_DEFAULTS.timeWindow) === 'strict';
    this.#own = new OwnEngine(engine);
    this.#engines = new EngineTable(options.maxEngines ?? USM_DEFAULTS.maxEngines);
    this.#warmth = new EngineWarmth(this.#engines);
    this.#replays = new ReplayMemory(options.replayMemory ?? USM_DEFAULTS.replayMemory);
    this.#contacts = new SourceBudget(contacts.eachSource, contacts.overall);
    this.#reports = new SourceBudget(reports.eachSource, reports.overall);
    this.#users = new UserTable(options.users);
  }

  /** Engines known by authentic messages, and how many had to give way to others. */
  get engines(): { readonly known: number; readonly evictions: number } {
    return { known: this.#engines.size, evictions: this.#engines.evictions };
  }

  /**
   * Other users from now on. What is known of engines stays, and so do the keys of users that do not change.
   * @throws DogwatchError `SNMP_USER_INVALID`; the old users stay then
   */
  replaceUsers(users: readonly UsmUserOptions[]): void {
    this.#users = new UserTable(users, this.#users);
    this.#engines.retainKeys(this.#users.all);
    this.#own.keys.retainKeys(this.#users.all);
  }

  /**
   * The clocks of senders, for a standby; least recently heard first.
   * @param sinceMicros only those whose time went on then or later
   */
  snapshotSenders(sinceMicros = 0): SenderState[] {
    return this.#engines.snapshot(sinceMicros);
  }

  /** Takes over what another node learnt of senders. */
  restoreSenders(states: readonly SenderState[]): void {
    this.#engines.restore(states);
  }

  get onWarmChange(): ((entry: WarmEntry) => void) | undefined {
    return this.#warmth.onWarmChange;
  }

  set onWarmChange(told: ((entry: WarmEntry) => void) | undefined) {
    this.#warmth.onWarmChange = told;
  }

  warmEntries(): Iterable<WarmEntry> {
    return this.#warmth.warmEntries();
  }

  restoreWarm(entry: WarmEntry): void {
    this.#warmth.restoreWarm(entry);
  }

  /** Who sends what is refused; those with the most first. */
  failuresBySource(limit: number): SourceFailures[] {
    return this.#failures.top(limit);
  }

  process(message: V3Message, source: SecuritySource): SecurityResult {
    this.totals.messages += 1;
    const reason = headerTrouble(message);
    if (reason !== undefined) return this.#refuse({ reason }, message, source, '');
    const parameters = readSecurityParameters(message);
    if (parameters === undefined) return this.#refuse({ reason: 'malformed-parameters' }, message, source, '');
    const incoming = arrangeIncoming(message, source, parameters, this.#own.is(parameters.engineId));
    const outcome = this.#judge(incoming);
    if ('kind' in outcome) return outcome;
    // RFC 3414 section 3.2 step 3: the engine comes before the user and everything else.
    const refusal: Refusal = incoming.isForOthers ? { reason: 'unknown-engine-id' } : outcome;
    return this.#refuse(refusal, message, source, incoming.userName);
  }

  #judge(incoming: Incoming): Outcome {
    const { message, parameters, levelBits } = incoming;
    if (parameters.engineId.length === 0) return { reason: 'discovery' };
    if (incoming.isForOthers && levelBits < LEVEL_BITS.authPriv) return { reason: 'unknown-engine-id' };

    const named = this.#users.candidates(incoming.engineKey, incoming.userName);
    if (named.length === 0) return { reason: 'unknown-user' };
    const able = named.filter((user) => user.hasKeysFor(levelBits));
    if (able.length === 0) return { reason: 'unsupported-level' };
    const users = able.filter((user) => user.minimumBits <= levelBits);
    const [first] = users;
    if (first === undefined) return { reason: 'below-minimum-level' };
    if (levelBits === 0)
      return this.#accept(incoming, first, Buffer.from(parameters.engineId), message.scopedPduData, undefined);
    return this.#authenticate(incoming, users);
  }

  #authenticate(incoming: Incoming, users: readonly UsmUser[]): Outcome {
    const { message, parameters } = incoming;
    const engine = this.#engineOf(incoming);
    if (engine === undefined) return { reason: 'first-contact-budget' };
    let trouble: TimeTrouble | undefined;
    let provenUser: UsmUser | undefined;
    for (const user of engine.inOrderOfHope(users)) {
      if (parameters.mac.length !== user.auth?.algorithm.macBytes) continue;
      if (!engine.authenticates(user, message.bytes, parameters.macOffset)) continue;
      if (provenUser === undefined) {
        provenUser = user;
        if (incoming.isForUs && !this.#own.isInWindow(parameters.boots, parameters.time)) {
          return { reason: 'not-in-time-window', provenUser };
        }
        trouble = incoming.isForUs ? undefined : this.#learn(incoming, engine);
        if (trouble !== undefined && this.#isStrict) return { reason: trouble };
      }
      const scopedPdu = clearPdu(incoming, engine, user);
      if (scopedPdu === undefined) continue;
      engine.hope = user;
      return this.#acceptOnce(incoming, user, engine.id, scopedPdu, trouble);
    }
    return { reason: provenUser === undefined ? 'wrong-digest' : 'decryption-error' };
  }

  /** The engine that a message claims, or undefined if there were too many that nobody knows. */
  #engineOf({ isForUs, engineKey, parameters, source }: Incoming): SenderEngine | undefined {
    if (isForUs) return this.#own.keys;
    const known = this.#engines.find(engineKey);
    if (known !== undefined) return known;
    const isKnownSource = this.#knownSources.has(source.sourceAddress);
    if (!this.#contacts.take(source.sourceAddress, isKnownSource, source.receivedAtMicros)) return undefined;
    return new SenderEngine(parameters.engineId);
  }

  #learn({ engineKey, parameters, source }: Incoming, engine: SenderEngine): TimeTrouble | undefined {
    if (engine.time.boots < 0) this.totals.enginesLearnt += 1;
    this.#engines.touch(engineKey, engine);
    const trouble = judgeTime(engine.time, parameters.boots, parameters.time, source.receivedAtMicros);
    this.#warmth.heard(engine, source.receivedAtMicros);
    return trouble;
  }

  #acceptOnce(
    incoming: Incoming,
    user: UsmUser,
    engineId: Buffer,
    scopedPdu: Buffer,
    trouble: TimeTrouble | undefined,
  ): Outcome {
    // An inform is answered each time that it comes: its sender has not seen the answer.
    if (incoming.isForUs) return this.#accept(incoming, user, engineId, scopedPdu, trouble);
    if (incoming.isForOthers && outlineOf(scopedPdu)?.tag !== TRAP_V2) return { reason: 'unknown-engine-id' };
    if (!this.#replays.enter(incoming.parameters.mac)) {
      this.totals.replays += 1;
      return { kind: 'replay' };
    }
    this.#knownSources.add(incoming.source.sourceAddress);
    return this.#accept(incoming, user, engineId, scopedPdu, trouble);
  }

  #accept(
    { message, parameters, levelBits, userName }: Incoming,
    user: UsmUser,
    engineId: Buffer,
    scopedPdu: Buffer,
    trouble: TimeTrouble | undefined,
  ): SecurityAccepted {
    const { boots, time } = parameters;
    const level = levelOf(levelBits);
    const flags: string[] = trouble === undefined ? [] : [trouble];
    if (parameters.isTimeOutOfRange) flags.push('engine-time-range');
    this.totals.accepted[level] += 1;
    if (flags.length > 0) this.totals.flagged += 1;
    const { msgId } = message;
    return {
      kind: 'ok',
      scopedPdu,
      level,
      user: user.name,
      engineId,
      boots,
      time,
      flags,
      respond: (response) => this.#own.respond({ msgId, userName, user }, levelBits, response),
    };
  }

  #refuse(
    { reason, provenUser }: Refusal,
    message: V3Message,
    { sourceAddress, receivedAtMicros }: SecuritySource,
    userName: string,
  ): SecurityResult {
    this.totals.refused[reason] = (this.totals.refused[reason] ?? 0) + 1;
    if (reason !== 'discovery') this.#failures.count(sourceAddress, reason, userName, receivedAtMicros);
    const stat = STAT_OF_REASON[reason];
    if (stat === undefined) return { kind: 'refused', reason };
    this.totals.stats[stat] += 1;
    if (!asksForAnswer(message)) return { kind: 'refused', reason };
    const isKnown = provenUser !== undefined || this.#knownSources.has(sourceAddress);
    if (!this.#reports.take(sourceAddress, isKnown, receivedAtMicros)) {
      this.totals.reportsSuppressed += 1;
      return { kind: 'refused', reason };
    }
    // RFC 3412 section 7.1 step 3: 0 where the request cannot be read.
    const requestId = outlineOf(message.scopedPduData)?.requestId ?? 0;
    const addressee = { msgId: message.msgId, userName, user: provenUser };
    const reply = this.#own.report(addressee, requestId, stat, this.totals.stats[stat]);
    if (reply === undefined) return { kind: 'refused', reason };
    this.totals.reportsSent += 1;
    return { kind: 'report', reply, reason };
  }
}

/** What RFC 3412 section 7.2 refuses before any security model is asked, and data that are not what the flags say. */
function headerTrouble({ securityModel, flags, scopedPduData }: V3Message): RefusalReason | undefined {
  if (securityModel !== USM) return 'security-model';
  const isPrivate = (flags & PRIV_FLAG) !== 0;
  const isEncrypted = scopedPduData[0] === OCTET_STRING;
  return isPrivate !== isEncrypted || (isPrivate && (flags & AUTH_FLAG) === 0) ? 'invalid-flags' : undefined;
}
