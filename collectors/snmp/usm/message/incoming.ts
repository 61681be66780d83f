import { OCTET_STRING, REPORT, RESPONSE, TRAP_V1, TRAP_V2 } from '../../ber/tags.ts';
import type { SecurityLevel, SecuritySource, V3Message } from '../../security.ts';
import { decrypt } from '../crypto/privacy.ts';
import type { SenderEngine } from '../engines/sender-engine.ts';
import { LEVEL_BITS, type UsmUser } from '../users/user.ts';
import { octetStringOf, outlineOf, type SecurityParameters } from './security-parameters.ts';

const LEVEL_MASK = 3;
const REPORTABLE_FLAG = 4;

/** PDUs that nobody waits for an answer to (RFC 3411 section 2.8): never reported on, whatever the flag says. */
const UNCONFIRMED: readonly number[] = [RESPONSE, TRAP_V1, TRAP_V2, REPORT];

/** A message on its way through. */
export interface Incoming {
  readonly message: V3Message;
  readonly source: SecuritySource;
  readonly parameters: SecurityParameters;
  /** Engine id and user name as their bytes in Latin-1, for look-ups. */
  readonly engineKey: string;
  readonly userName: string;
  readonly levelBits: number;
  /** We are the authority over its time: an inform. */
  readonly isForUs: boolean;
  /** Asks for an answer by another engine than ours, or so it seems while it is encrypted. */
  readonly isForOthers: boolean;
}

export function arrangeIncoming(
  message: V3Message,
  source: SecuritySource,
  parameters: SecurityParameters,
  isForUs: boolean,
): Incoming {
  return {
    message,
    source,
    parameters,
    engineKey: parameters.engineId.toString('latin1'),
    userName: parameters.userName.toString('latin1'),
    levelBits: message.flags & LEVEL_MASK,
    isForUs,
    isForOthers: !isForUs && parameters.engineId.length > 0 && asksForAnswer(message),
  };
}

/** RFC 3412 section 7.1 step 3a: what the PDU is decides; the flag, where that cannot be seen. */
export function asksForAnswer({ flags, scopedPduData }: V3Message): boolean {
  if ((flags & REPORTABLE_FLAG) === 0) return false;
  const outline = scopedPduData[0] === OCTET_STRING ? undefined : outlineOf(scopedPduData);
  return outline === undefined || !UNCONFIRMED.includes(outline.tag);
}

/** The ScopedPDU without padding; undefined if it does not decrypt to one. */
export function clearPdu(
  { message, parameters, levelBits }: Incoming,
  engine: SenderEngine,
  user: UsmUser,
): Buffer | undefined {
  const { scopedPduData } = message;
  if (levelBits !== LEVEL_BITS.authPriv) return scopedPduData;
  const key = engine.privacyKeyOf(user);
  const encrypted = octetStringOf(scopedPduData);
  if (key === undefined || encrypted === undefined) return undefined;
  const clear = decrypt(key, encrypted, parameters.boots, parameters.time, parameters.salt);
  const outline = clear && outlineOf(clear);
  return outline && clear?.subarray(0, outline.length);
}

export function levelOf(levelBits: number): SecurityLevel {
  return levelBits === LEVEL_BITS.authPriv ? 'authPriv' : levelBits === 0 ? 'noAuthNoPriv' : 'authNoPriv';
}
