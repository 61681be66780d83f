import { BerReader } from '../../../../collectors/snmp/ber/ber-reader.ts';
import { encodeElement } from '../../../../collectors/snmp/ber/ber-writer.ts';
import { OCTET_STRING, SEQUENCE } from '../../../../collectors/snmp/ber/tags.ts';
import {
  type Envelope as MessageOutline,
  readEnvelope,
  readV3Message,
} from '../../../../collectors/snmp/message/envelope.ts';
import type { V3Message } from '../../../../collectors/snmp/security.ts';
import { digestOf, isDigestRight } from '../../../../collectors/snmp/usm/crypto/authentication.ts';
import { decrypt, encrypt, Salts } from '../../../../collectors/snmp/usm/crypto/privacy.ts';
import { SenderEngine } from '../../../../collectors/snmp/usm/engines/sender-engine.ts';
import {
  octetStringOf,
  readSecurityParameters,
  type SecurityParameters,
} from '../../../../collectors/snmp/usm/message/security-parameters.ts';
import { LEVEL_BITS, type UsmUser } from '../../../../collectors/snmp/usm/users/user.ts';
import type { SecurityLevel } from '../../../../collectors/snmp/security.ts';
import { readAnswerPdu } from './answer-pdu.ts';
import { type AuthoritativeEngine, LearntEngine } from './engines.ts';
import type { Answer, Envelope } from './envelope.ts';
import { UsmFrame } from './usm-frame.ts';

export interface UsmEnvelopeOptions {
  readonly user: UsmUser;
  readonly level: SecurityLevel;
  /** Of the device that sends traps; of informs a `LearntEngine`, the receiver's, which is then discovered. */
  readonly engine: AuthoritativeEngine;
  /** The engine that the PDU is about: the sender's. */
  readonly contextEngineId: Buffer;
  readonly contextName: string;
}

const SALT_BYTES = 8;
const DES_BLOCK_BYTES = 8;
const REPORTABLE_FLAG = 4;
const LEVEL_MASK = 3;
const USM_STATS = '1.3.6.1.6.3.15.1.1.';
const COUNTERS: Readonly<Record<string, string>> = {
  1: 'unsupportedSecLevels',
  2: 'notInTimeWindows',
  3: 'unknownUserNames',
  4: 'unknownEngineIDs',
  5: 'wrongDigests',
  6: 'decryptionErrors',
};

/** SNMPv3 with USM: RFC 3412 section 6, RFC 3414. */
export class UsmEnvelope implements Envelope {
  readonly #options: UsmEnvelopeOptions;
  readonly #userName: Buffer;
  readonly #context: Buffer;
  readonly #salts = new Salts();
  readonly #reader = new BerReader();
  readonly #outline: MessageOutline = { version: 3, start: 0, end: 0, communityStart: 0, communityStop: 0 };
  /** By the length of what they hold. */
  #frames = new Map<number, UsmFrame>();
  #keys: SenderEngine;

  constructor(options: UsmEnvelopeOptions) {
    this.#options = options;
    this.#userName = Buffer.from(options.user.name, 'utf8');
    this.#context = Buffer.concat([
      encodeElement(OCTET_STRING, options.contextEngineId),
      encodeElement(OCTET_STRING, Buffer.from(options.contextName, 'utf8')),
    ]);
    this.#keys = keysFor(options.user, options.engine.id);
  }

  /** A ScopedPDU. */
  wrap(pdu: Buffer): Buffer {
    return encodeElement(SEQUENCE, this.#context, pdu);
  }

  seal(scopedPdu: Buffer, messageId: number, nowMs: number): Buffer {
    const { engine, user, level } = this.#options;
    if (!this.#keys.id.equals(engine.id)) this.#useEngine(engine.id);
    const authKey = level === 'noAuthNoPriv' ? undefined : this.#keys.authKeyOf(user);
    const privacyKey = level === 'authPriv' ? this.#keys.privacyKeyOf(user) : undefined;
    const [boots, time] = [engine.boots(nowMs), engine.time(nowMs)];
    const dataBytes = privacyKey?.cipher === 'des-cbc' ? padded(scopedPdu.length) : scopedPdu.length;
    const frame = this.#frameOf(dataBytes, LEVEL_BITS[level]);
    const bytes = frame.stamp(messageId, boots, time);
    if (privacyKey === undefined) scopedPdu.copy(bytes, frame.dataAt(bytes));
    else {
      const salt = this.#salts.next(boots);
      salt.copy(bytes, frame.saltAt(bytes));
      encrypt(privacyKey, scopedPdu, boots, time, salt).copy(bytes, frame.dataAt(bytes));
    }
    if (authKey !== undefined) {
      const macAt = frame.macAt(bytes);
      digestOf(authKey, bytes, macAt).copy(bytes, macAt);
    }
    return bytes;
  }

  /** Of informs: whether the receiver's engine is known by now. */
  get isDiscovered(): boolean {
    return this.#options.engine.id.length > 0;
  }

  /** A message that tells nothing but asks for the engine: RFC 3414 section 4. */
  discovery(pdu: Buffer, messageId: number): Buffer {
    const scopedPdu = encodeElement(SEQUENCE, encodeElement(OCTET_STRING), encodeElement(OCTET_STRING), pdu);
    const frame = new UsmFrame({
      engineId: Buffer.alloc(0),
      userName: Buffer.alloc(0),
      flags: REPORTABLE_FLAG,
      macBytes: 0,
      saltBytes: 0,
      dataBytes: scopedPdu.length,
    });
    const bytes = frame.stamp(messageId, 0, 0);
    scopedPdu.copy(bytes, frame.dataAt(bytes));
    return bytes;
  }

  /** Also learns from it who the receiver is, and what time it has. */
  open(answer: Buffer, nowMs: number): Answer | undefined {
    const reader = this.#reader;
    reader.open(answer, 0);
    if (readEnvelope(reader, this.#outline) !== undefined || this.#outline.version !== 3) return undefined;
    const message = readV3Message(reader, this.#outline.end);
    if (typeof message === 'string') return undefined;
    const parameters = readSecurityParameters(message);
    if (parameters === undefined || parameters.engineId.length === 0) return undefined;
    this.#discover(parameters, nowMs);
    const scopedPdu = this.#clear(message, parameters);
    return scopedPdu && this.#read(scopedPdu, message, parameters, nowMs);
  }

  #read(scopedPdu: Buffer, { msgId, flags }: V3Message, parameters: SecurityParameters, nowMs: number) {
    const reader = this.#reader;
    reader.open(scopedPdu, 0);
    const end = reader.into(SEQUENCE, scopedPdu.length);
    reader.expect(OCTET_STRING, end); // contextEngineID
    reader.expect(OCTET_STRING, end); // contextName
    const pdu = readAnswerPdu(reader, end);
    if (pdu === undefined) return undefined;
    if (pdu.kind === 'report') {
      const counter = counterName(pdu.firstOid);
      const isAuthentic = (flags & LEVEL_MASK) !== 0;
      if (counter === 'notInTimeWindows' && isAuthentic) this.#learn(parameters, nowMs);
      return { kind: 'report', messageId: msgId, counter } as const;
    }
    // A response below the level that was asked for is not believed (RFC 3412 section 7.2 step 12).
    if ((flags & LEVEL_MASK) !== LEVEL_BITS[this.#options.level]) return undefined;
    return { kind: 'response', requestId: pdu.requestId, errorStatus: pdu.errorStatus } as const;
  }

  /** What msgData holds in clear text; undefined where the digest is wrong, or it is not from the engine that was asked. */
  #clear(message: V3Message, parameters: SecurityParameters): Buffer | undefined {
    const { user } = this.#options;
    const levelBits = message.flags & LEVEL_MASK;
    if (levelBits === 0) return message.scopedPduData;
    if (!parameters.engineId.equals(this.#keys.id)) return undefined;
    const authKey = this.#keys.authKeyOf(user);
    if (authKey === undefined || parameters.mac.length !== authKey.algorithm.macBytes) return undefined;
    if (!isDigestRight(authKey, message.bytes, parameters.macOffset)) return undefined;
    if (levelBits !== LEVEL_BITS.authPriv) return message.scopedPduData;
    const privacyKey = this.#keys.privacyKeyOf(user);
    const encrypted = octetStringOf(message.scopedPduData);
    if (privacyKey === undefined || encrypted === undefined) return undefined;
    return decrypt(privacyKey, encrypted, parameters.boots, parameters.time, parameters.salt);
  }

  /** The first report names the engine; a later one of another engine is somebody else. */
  #discover(parameters: SecurityParameters, nowMs: number): void {
    const { engine } = this.#options;
    if (!(engine instanceof LearntEngine) || engine.isKnown) return;
    this.#learn(parameters, nowMs);
    this.#useEngine(engine.id);
  }

  #learn({ engineId, boots, time }: SecurityParameters, nowMs: number): void {
    const { engine } = this.#options;
    if (engine instanceof LearntEngine) engine.learn(engineId, boots, time, nowMs);
  }

  #useEngine(id: Buffer): void {
    this.#keys = keysFor(this.#options.user, id);
    this.#frames = new Map();
  }

  #frameOf(dataBytes: number, levelBits: number): UsmFrame {
    const known = this.#frames.get(dataBytes);
    if (known !== undefined) return known;
    const { engine, user } = this.#options;
    const frame = new UsmFrame({
      engineId: engine.id,
      userName: this.#userName,
      flags: engine instanceof LearntEngine ? levelBits | REPORTABLE_FLAG : levelBits,
      macBytes: levelBits === 0 ? 0 : (user.auth?.algorithm.macBytes ?? 0),
      saltBytes: levelBits === LEVEL_BITS.authPriv ? SALT_BYTES : 0,
      dataBytes,
    });
    this.#frames.set(dataBytes, frame);
    return frame;
  }
}

/** Made once: a key costs more than a message. */
function keysFor(user: UsmUser, engineId: Buffer): SenderEngine {
  const keys = new SenderEngine(engineId);
  const authKey = engineId.length === 0 ? undefined : keys.authKeyOf(user);
  if (authKey !== undefined) keys.keep(user, authKey);
  return keys;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / DES_BLOCK_BYTES) * DES_BLOCK_BYTES;
}

function counterName(oid = ''): string {
  const last = oid.startsWith(USM_STATS) ? oid.slice(USM_STATS.length).split('.')[0] : undefined;
  return COUNTERS[last ?? ''] ?? oid;
}
