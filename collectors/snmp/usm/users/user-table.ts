import { DogwatchError } from '../../../../src/runtime/errors.ts';
import type { SecurityLevel } from '../../security.ts';
import { AUTH_ALGORITHMS, type AuthAlgorithm, PRIVACY_ALGORITHMS, type PrivacyAlgorithm } from '../crypto/protocols.ts';
import { PasswordKeys } from './password-keys.ts';
import type { UsmSecret, UsmUserOptions } from './user-options.ts';
import { LEVEL_BITS, type Secret, UsmUser } from './user.ts';

/** SnmpAdminString (0..32), RFC 3414 section 5; SnmpEngineID (5..32), RFC 3411 section 5. */
const MAX_NAME_BYTES = 32;
const MAX_ENGINE_ID_BYTES = 32;
/** Each entry of one name that has to be tried costs a digest. */
const MAX_ENTRIES_OF_A_NAME = 8;

const NOBODY: readonly UsmUser[] = [];

/** The users by (engine id, name) and by name alone. */
export class UserTable {
  readonly #byEngine = new Map<string, UsmUser[]>();
  readonly #byName = new Map<string, UsmUser[]>();
  readonly #passwords: PasswordKeys;
  /** By their options as text. */
  readonly #all = new Map<string, UsmUser>();

  /**
   * @param before the table that this one replaces: users that stay as they are stay the same object, and keep their keys
   * @throws DogwatchError `SNMP_USER_INVALID`, naming the user and never a secret
   */
  constructor(options: readonly UsmUserOptions[], before?: UserTable) {
    this.#passwords = before === undefined ? new PasswordKeys() : before.#passwords;
    for (const each of options) this.#add(each, before);
  }

  /** The user that was made of these options. */
  userOf(optionsText: string): UsmUser | undefined {
    return this.#all.get(optionsText);
  }

  get all(): ReadonlySet<UsmUser> {
    return new Set(this.#all.values());
  }

  /** Who may be meant, in the order in which to try. Both as their bytes in Latin-1, as they come in a datagram. */
  candidates(engineId: string, name: string): readonly UsmUser[] {
    return this.#byEngine.get(engineAndName(engineId, name)) ?? this.#byName.get(name) ?? NOBODY;
  }

  #add(options: UsmUserOptions, before: UserTable | undefined): void {
    const name = Buffer.from(options.name, 'utf8');
    if (name.length === 0 || name.length > MAX_NAME_BYTES) throw invalid(options.name, 'a name has 1 to 32 bytes');
    const entry = readEntry(options);
    const text = JSON.stringify(options);
    const user = this.userOf(text) ?? before?.userOf(text) ?? new UsmUser(entry, this.#passwords);
    this.#all.set(text, user);
    const table = entry.engineId === undefined ? this.#byName : this.#byEngine;
    const latin = name.toString('latin1');
    const key = entry.engineId === undefined ? latin : engineAndName(entry.engineId.toString('latin1'), latin);
    const entries = table.get(key) ?? [];
    if (entries.length >= MAX_ENTRIES_OF_A_NAME)
      throw invalid(options.name, `more than ${MAX_ENTRIES_OF_A_NAME} entries`);
    entries.push(user);
    table.set(key, entries);
  }
}

/** Two texts of any bytes as one, without a doubt where one ends. */
function engineAndName(engineId: string, name: string): string {
  return `${engineId.length}:${engineId}${name}`;
}

function readEntry(options: UsmUserOptions) {
  const { name, auth, privacy } = options;
  if (privacy !== undefined && auth === undefined) throw invalid(name, 'privacy without authentication');
  const engineId = options.engineId === undefined ? undefined : readHex(name, 'engine id', options.engineId);
  if (engineId !== undefined && engineId.length > MAX_ENGINE_ID_BYTES)
    throw invalid(name, 'engine id of over 32 bytes');
  const authAlgorithm = auth && algorithmOf(name, AUTH_ALGORITHMS, auth.protocol);
  const privacyAlgorithm = privacy && algorithmOf(name, PRIVACY_ALGORITHMS, privacy.protocol);
  const most: SecurityLevel = privacy ? 'authPriv' : auth ? 'authNoPriv' : 'noAuthNoPriv';
  const minimumLevel = options.minimumLevel ?? most;
  if (!(LEVEL_BITS[minimumLevel] <= LEVEL_BITS[most])) throw invalid(name, `no keys for ${minimumLevel}`);
  const context = { name, engineId };
  return {
    name,
    engineId,
    auth: auth && authAlgorithm && { algorithm: authAlgorithm, secret: readAuthSecret(context, auth, authAlgorithm) },
    privacy: privacy &&
      privacyAlgorithm &&
      authAlgorithm && {
        algorithm: privacyAlgorithm,
        secret: readPrivacySecret(context, privacy, authAlgorithm, privacyAlgorithm),
      },
    minimumLevel,
  };
}

interface SecretContext {
  readonly name: string;
  readonly engineId: Buffer | undefined;
}

function readAuthSecret(context: SecretContext, options: UsmSecret, algorithm: AuthAlgorithm): Secret {
  const secret = readSecret(context, options);
  if (secret.form !== 'password' && secret.key.length !== algorithm.digestBytes) {
    throw invalid(context.name, `the authentication key has ${secret.key.length} bytes, not ${algorithm.digestBytes}`);
  }
  return secret;
}

function readPrivacySecret(
  context: SecretContext,
  options: UsmSecret,
  auth: AuthAlgorithm,
  privacy: PrivacyAlgorithm,
): Secret {
  const secret = readSecret(context, options);
  if (secret.form === 'password') return secret;
  // Of a localised key also what the cipher takes of it, as some systems show it; anything lengthens as its draft says.
  const lengths = secret.form === 'key' ? [auth.digestBytes] : [auth.digestBytes, privacy.keyBytes];
  if (lengths.includes(secret.key.length)) return secret;
  throw invalid(context.name, `the privacy key has ${secret.key.length} bytes, not ${lengths.join(' or ')}`);
}

function readSecret({ name, engineId }: SecretContext, options: UsmSecret): Secret {
  if ('password' in options) {
    if (options.password === '') throw invalid(name, 'an empty pass phrase');
    return { form: 'password', password: options.password };
  }
  if ('key' in options) return { form: 'key', key: readHex(name, 'key', options.key) };
  if (engineId === undefined) throw invalid(name, 'a localised key is of one engine, and no engine id is given');
  return { form: 'localisedKey', key: readHex(name, 'localised key', options.localisedKey) };
}

function algorithmOf<A>(name: string, algorithms: Readonly<Record<string, A>>, protocol: string): A {
  const algorithm = Object.hasOwn(algorithms, protocol) ? algorithms[protocol] : undefined;
  if (algorithm !== undefined) return algorithm;
  throw invalid(name, `no protocol ${protocol}; there are ${Object.keys(algorithms).join(', ')}`);
}

function readHex(name: string, what: string, text: string): Buffer {
  const digits = text.replace(/^0x/i, '').replaceAll(':', '');
  if (digits === '' || digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) {
    throw invalid(name, `the ${what} is not hexadecimal`);
  }
  return Buffer.from(digits, 'hex');
}

function invalid(name: string, why: string): DogwatchError {
  return new DogwatchError('SNMP_USER_INVALID', `SNMPv3 user ${JSON.stringify(name)}: ${why}`, {
    remedy: 'Correct the entry of this user.',
  });
}
