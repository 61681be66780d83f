import { encodeElement, encodeInteger } from '../../../../collectors/snmp/ber/ber-writer.ts';
import { INTEGER, OCTET_STRING, SEQUENCE } from '../../../../collectors/snmp/ber/tags.ts';
import { StampedBytes } from '../notification/stamped-bytes.ts';

/** What of an SNMPv3 message stays the same from one to the next. */
export interface UsmFrameOptions {
  readonly engineId: Buffer;
  readonly userName: Buffer;
  /** msgFlags: 1 auth, 2 priv, 4 reportable. */
  readonly flags: number;
  /** Of msgAuthenticationParameters and msgPrivacyParameters; 0 without. */
  readonly macBytes: number;
  readonly saltBytes: number;
  /** Of msgData: the content of an OCTET STRING where it is encrypted, else a whole ScopedPDU. */
  readonly dataBytes: number;
}

/** What we can receive: the largest payload of UDP over IPv4. */
const MAX_MESSAGE_BYTES = 65_507;
const USM = 3;
const PRIV_FLAG = 2;

/** An SNMPv3 message (RFC 3412 section 6, RFC 3414 section 2.4) for data of one length, with room for what changes. */
export class UsmFrame {
  readonly #options: UsmFrameOptions;
  readonly #stamped: StampedBytes;
  readonly #numbers = [0, 0, 0];
  /** From the end of a message. */
  #saltFromEnd = 0;
  #macFromEnd = 0;

  constructor(options: UsmFrameOptions) {
    this.#options = options;
    this.#stamped = new StampedBytes((numbers) => this.#build(numbers));
  }

  /** The whole message, but for digest, salt and data, which are zeros or what was there before. Its memory is used again. */
  stamp(messageId: number, boots: number, time: number): Buffer {
    this.#numbers[0] = messageId;
    this.#numbers[1] = boots;
    this.#numbers[2] = time;
    return this.#stamped.stamp(this.#numbers);
  }

  macAt(bytes: Buffer): number {
    return bytes.length - this.#macFromEnd;
  }

  saltAt(bytes: Buffer): number {
    return bytes.length - this.#saltFromEnd;
  }

  dataAt(bytes: Buffer): number {
    return bytes.length - this.#options.dataBytes;
  }

  #build([messageId = 0, boots = 0, time = 0]: readonly number[]) {
    const { engineId, userName, flags, macBytes, saltBytes, dataBytes } = this.#options;
    const isEncrypted = (flags & PRIV_FLAG) !== 0;
    const data = isEncrypted ? encodeElement(OCTET_STRING, Buffer.alloc(dataBytes)) : Buffer.alloc(dataBytes);
    const salt = encodeElement(OCTET_STRING, Buffer.alloc(saltBytes));
    const mac = encodeElement(OCTET_STRING, Buffer.alloc(macBytes));
    const user = encodeElement(OCTET_STRING, userName);
    const timeElement = encodeInteger(INTEGER, time);
    const parameters = encodeElement(
      SEQUENCE,
      encodeElement(OCTET_STRING, engineId),
      encodeInteger(INTEGER, boots),
      timeElement,
      user,
      mac,
      salt,
    );
    const security = encodeElement(OCTET_STRING, parameters);
    const rest = [
      encodeInteger(INTEGER, MAX_MESSAGE_BYTES),
      encodeElement(OCTET_STRING, Buffer.from([flags])),
      encodeInteger(INTEGER, USM),
    ];
    const header = encodeElement(SEQUENCE, encodeInteger(INTEGER, messageId), ...rest);
    const behindTime = user.length + mac.length + salt.length + data.length;
    const behindHeader = security.length + data.length;
    this.#saltFromEnd = data.length + saltBytes;
    this.#macFromEnd = data.length + salt.length + macBytes;
    return {
      bytes: encodeElement(SEQUENCE, encodeInteger(INTEGER, 3), header, security, data),
      fromEnd: [
        behindHeader + rest.reduce((sum, each) => sum + each.length, 0),
        behindTime + timeElement.length,
        behindTime,
      ],
    };
  }
}
