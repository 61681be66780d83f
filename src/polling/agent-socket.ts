import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { BerReader } from '../../collectors/snmp/ber/ber-reader.ts';
import { OCTET_STRING, REPORT, SEQUENCE } from '../../collectors/snmp/ber/tags.ts';
import { type Envelope, readEnvelope, readV3Message } from '../../collectors/snmp/message/envelope.ts';
import type { PollCredential } from './poll-credential.ts';

/** What a library takes for node:dgram. */
export interface SocketMaker {
  createSocket(type: SocketType): Socket;
}

/**
 * Sockets whose listeners cannot throw out of an arriving datagram, which would end the process: `onError` gets what they throw.
 * Datagrams that `accepts` refuses are passed over.
 */
export function guardedSockets(accepts: (bytes: Buffer) => boolean, onError: (error: unknown) => void): SocketMaker {
  return {
    createSocket: (type) => {
      const socket = createSocket(type);
      const emit = socket.emit.bind(socket);
      socket.emit = (event: string | symbol, ...values: unknown[]): boolean => {
        if (event !== 'message') return emit(event, ...values);
        try {
          return Buffer.isBuffer(values[0]) && accepts(values[0]) && emit(event, ...values);
        } catch (error) {
          onError(error);
          return true;
        }
      };
      return socket;
    },
  };
}

/** msgFlags (RFC 3412 section 6.4). */
const AUTH = 1;
const PRIVACY = 2;

/**
 * Whether a message may answer a question that was asked with `credential`. Only reports may be less secure than the question:
 * they are how an engine that we do not share a key with says so (RFC 3414 section 3.2), and carry no names.
 */
export function isSecureEnough(bytes: Buffer, credential: PollCredential): boolean {
  if (credential.version !== '3' || credential.auth === undefined) return true;
  const reader = new BerReader();
  const envelope: Envelope = { version: 3, start: 0, end: 0, communityStart: 0, communityStop: 0 };
  reader.open(bytes, 0);
  if (readEnvelope(reader, envelope) !== undefined || envelope.version !== 3) return false;
  const message = readV3Message(reader, envelope.end);
  if (typeof message === 'string') return false;
  const required = credential.privacy === undefined ? AUTH : AUTH | PRIVACY;
  return (message.flags & required) === required || isReport(message.scopedPduData);
}

/** ScopedPDU ::= SEQUENCE { contextEngineID, contextName, data } */
function isReport(scopedPdu: Buffer): boolean {
  const reader = new BerReader();
  reader.open(scopedPdu, 0);
  const end = reader.into(SEQUENCE, scopedPdu.length);
  return reader.expect(OCTET_STRING, end) && reader.expect(OCTET_STRING, end) && reader.expect(REPORT, end);
}
