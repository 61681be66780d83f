import { Salts } from './crypto/privacy.ts';
import type { EngineClock } from './engines/engine-identity.ts';
import { MAX_BOOTS, TIME_WINDOW_SECONDS } from './engines/engine-time.ts';
import { SenderEngine } from './engines/sender-engine.ts';
import { encodeReport, encodeV3Message, type UsmStat } from './message/v3-message.ts';
import { LEVEL_BITS, type UsmUser } from './users/user.ts';

/** To whom and on what a message of ours answers. */
export interface Addressee {
  readonly msgId: number;
  /** As its bytes in Latin-1. */
  readonly userName: string;
  /** Whose keys to use; undefined for an answer without authentication. */
  readonly user: UsmUser | undefined;
}

/** Our own engine: the authority over informs, and what answers them. */
export class OwnEngine {
  readonly #identity: EngineClock;
  readonly #salts = new Salts();
  #keys: SenderEngine | undefined;

  constructor(identity: EngineClock) {
    this.#identity = identity;
  }

  is(engineId: Buffer): boolean {
    return engineId.length > 0 && engineId.equals(this.#identity.engineId);
  }

  /** Keys of users for the engine id that we have now. */
  get keys(): SenderEngine {
    if (this.#keys === undefined || !this.#keys.id.equals(this.#identity.engineId)) {
      this.#keys = new SenderEngine(this.#identity.engineId);
    }
    return this.#keys;
  }

  /** RFC 3414 section 3.2 step 7a. */
  isInWindow(boots: number, time: number): boolean {
    const identity = this.#identity;
    return boots === identity.boots && boots < MAX_BOOTS && Math.abs(time - identity.time()) <= TIME_WINDOW_SECONDS;
  }

  /** A response at the level of the message that it answers. */
  respond(to: Addressee, levelBits: number, scopedPdu: Buffer): Buffer {
    return this.#encode(to, levelBits, scopedPdu);
  }

  /** Authenticated when there is a user, never encrypted. Undefined before we have an engine id to report. */
  report(to: Addressee, requestId: number, stat: UsmStat, count: number): Buffer | undefined {
    const { engineId } = this.#identity;
    if (engineId.length === 0) return undefined;
    return this.#encode(to, LEVEL_BITS.authNoPriv, encodeReport(engineId, requestId, stat, count));
  }

  #encode({ msgId, userName, user }: Addressee, levelBits: number, scopedPdu: Buffer): Buffer {
    const { engineId, boots } = this.#identity;
    const wantsAuth = user !== undefined && levelBits >= LEVEL_BITS.authNoPriv;
    const privacyKey =
      user !== undefined && levelBits === LEVEL_BITS.authPriv ? this.keys.privacyKeyOf(user) : undefined;
    return encodeV3Message({
      msgId,
      engineId,
      boots,
      time: this.#identity.time(),
      userName: Buffer.from(userName, 'latin1'),
      scopedPdu,
      auth: wantsAuth ? this.keys.authKeyOf(user) : undefined,
      privacy: privacyKey && { key: privacyKey, salt: this.#salts.next(boots) },
    });
  }
}
