import { type AuthKey, authKey, isDigestRight, isDigestRightOnce } from '../crypto/authentication.ts';
import { type PrivacyKey, privacyKeyObject } from '../crypto/privacy.ts';
import type { UsmUser } from '../users/user.ts';
import { type EngineTime, unknownEngineTime } from './engine-time.ts';

/** Users of one engine whose keys are kept; the oldest goes first. */
const MAX_USERS_OF_AN_ENGINE = 16;

/** The keys of one user for one engine. The privacy key is made when the first encrypted message was authenticated. */
interface UserKeys {
  readonly auth: AuthKey;
  privacy: PrivacyKey | undefined;
}

/** An engine from which somebody proved to speak: its clock and the localised keys of its users. */
export class SenderEngine {
  readonly id: Buffer;
  readonly time: EngineTime = unknownEngineTime();
  /** Whose message was the latest to be taken: of several entries of one name most likely the right one again. */
  hope: UsmUser | undefined;
  /** The clock as other processes were told of it, and when; 0: not by us, they told it. */
  readonly told: EngineTime = unknownEngineTime();
  toldAtMicros = 0;
  readonly #keys = new Map<UsmUser, UserKeys>();

  /** @param id copied */
  constructor(id: Buffer) {
    // Not `Buffer.from`, whose small results each hold on to a slab of 8 KiB.
    this.id = Buffer.alloc(id.length);
    this.id.set(id);
  }

  /** Whether the digest is right for this user; the key is kept once it was. */
  authenticates(user: UsmUser, message: Buffer, macOffset: number): boolean {
    const known = this.#keys.get(user);
    if (known !== undefined) return isDigestRight(known.auth, message, macOffset);
    const key = provenKey(user, this.id, message, macOffset);
    if (key !== undefined) this.keep(user, key);
    return key !== undefined;
  }

  keep(user: UsmUser, key: AuthKey): void {
    if (this.#keys.size >= MAX_USERS_OF_AN_ENGINE) {
      const oldest = this.#keys.keys().next();
      if (oldest.done !== true) this.#keys.delete(oldest.value);
    }
    this.#keys.set(user, { auth: key, privacy: undefined });
  }

  authKeyOf(user: UsmUser): AuthKey | undefined {
    return this.#keys.get(user)?.auth ?? derivedKey(user, this.id);
  }

  privacyKeyOf(user: UsmUser): PrivacyKey | undefined {
    const keys = this.#keys.get(user);
    if (keys?.privacy !== undefined) return keys.privacy;
    const localised = user.privacyKeyFor(this.id);
    if (user.privacy === undefined || localised === undefined) return undefined;
    const key = privacyKeyObject(user.privacy.algorithm, localised);
    if (keys !== undefined) keys.privacy = key;
    return key;
  }

  /** Those who may be meant, with the one first who was meant the last time. */
  inOrderOfHope(users: readonly UsmUser[]): readonly UsmUser[] {
    const { hope } = this;
    if (hope === undefined || users[0] === hope || !users.includes(hope)) return users;
    return [hope, ...users.filter((user) => user !== hope)];
  }

  /** Forgets the keys of all other users. */
  retainKeys(users: ReadonlySet<UsmUser>): void {
    for (const user of this.#keys.keys()) if (!users.has(user)) this.#keys.delete(user);
    if (this.hope !== undefined && !users.has(this.hope)) this.hope = undefined;
  }
}

/**
 * The localised key of a user for an engine, if the message was made with it; else nothing is left of the attempt. Costs a few
 * small hashes.
 */
function provenKey(user: UsmUser, engineId: Buffer, message: Buffer, macOffset: number): AuthKey | undefined {
  const key = user.authKeyFor(engineId);
  if (key === undefined || user.auth === undefined) return undefined;
  const { algorithm } = user.auth;
  return isDigestRightOnce(algorithm, key, message, macOffset) ? authKey(algorithm, key) : undefined;
}

function derivedKey(user: UsmUser, engineId: Buffer): AuthKey | undefined {
  const key = user.authKeyFor(engineId);
  return key && user.auth && authKey(user.auth.algorithm, key);
}
