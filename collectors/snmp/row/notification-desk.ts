import type { Datagram } from '../../datagram.ts';
import type { RowSink } from '../../row-sink.ts';
import type { BerFailure, BerReader } from '../ber/ber-reader.ts';
import { GET_REQUEST, INFORM_REQUEST, REPORT, TRAP_V1, TRAP_V2 } from '../ber/tags.ts';
import type { InformDesk, PendingResponse } from '../inform/inform-desk.ts';
import type { SnmpVersion } from '../message/envelope.ts';
import { Pdu } from '../message/pdu.ts';
import { encodeResponse } from '../message/response.ts';
import type { OidTable } from '../varbind/oid-table.ts';
import { type NotificationFlag, NotificationReader } from './notification.ts';
import { type TrapContext, writeTrapRow } from './trap-row.ts';

/** How an inform of this message is answered and known again. Asked at once, while the datagram is there. */
export interface Responder {
  /** Version, and community by name or user and engine: part of what makes two copies the same inform. */
  sender(): string;
  /** The whole message around this Response-PDU. */
  respond(responsePdu: Buffer): PendingResponse;
}

/** From a PDU to a row, and for informs to the answer that follows it. */
export class NotificationDesk {
  readonly #traps: RowSink;
  readonly #informs: InformDesk;
  readonly #oids: OidTable;
  readonly #pdu = new Pdu();
  readonly #notification: NotificationReader;
  /** Stored. */
  traps = 0;
  informs = 0;
  notNotifications = 0;

  constructor(traps: RowSink, informs: InformDesk, oids: OidTable) {
    this.#traps = traps;
    this.#informs = informs;
    this.#oids = oids;
    this.#notification = new NotificationReader(this.#pdu, oids);
  }

  /**
   * Takes the PDU at `reader.at`, which ends at or before `limit`. `flags`: what is known of the message so far.
   * @returns why it could not be decoded, else undefined
   */
  take(
    reader: BerReader,
    limit: number,
    datagram: Datagram,
    context: TrapContext,
    flags: readonly string[],
    responder: Responder,
  ): BerFailure | 'pdu' | undefined {
    const tag = reader.at < limit ? (reader.bytes[reader.at] ?? 0) : 0;
    if (tag !== TRAP_V2 && tag !== INFORM_REQUEST && tag !== TRAP_V1) {
      if (tag < GET_REQUEST || tag > REPORT) return reader.at < limit ? 'pdu' : 'truncated';
      this.notNotifications += 1;
      return undefined;
    }
    const failure = this.#pdu.read(reader, limit, this.#oids);
    if (failure !== undefined) return failure;
    this.#pdu.trailingBytes ||= reader.at < limit || context.trailingBytes;
    if (tag === INFORM_REQUEST) this.#takeInform(datagram, context, flags, responder);
    else {
      this.#store(context, flags, undefined);
      this.traps += 1;
    }
    return undefined;
  }

  #takeInform(datagram: Datagram, context: TrapContext, flags: readonly string[], responder: Responder): void {
    const { bytes, requestId, listStart, listStop } = this.#pdu;
    const identity = { sender: responder.sender(), requestId, varbinds: bytes.subarray(listStart, listStop) };
    const response = responder.respond(encodeResponse(this.#pdu));
    this.#informs.take(identity, datagram, response, (key) => {
      this.#store(context, flags, key);
      this.informs += 1;
    });
  }

  /** `informKey`: of informs alone. */
  #store(context: TrapContext, flags: readonly string[], informKey: Buffer | undefined): void {
    const notification = this.#notification;
    notification.read();
    const strange = strangePdu(this.#pdu.tag, context.version);
    if (strange !== undefined) notification.flags.push(strange);
    const all = flags.length === 0 ? notification.flags : [...flags, ...notification.flags];
    writeTrapRow(this.#traps, context, notification, informKey, all);
  }
}

/** A PDU in a message of another version than its own (net-snmp reads them so too). */
function strangePdu(tag: number, version: SnmpVersion): NotificationFlag | undefined {
  if (tag !== TRAP_V1) return version === 1 ? 'v2-pdu-in-v1' : undefined;
  if (version === 1) return undefined;
  return version === 2 ? 'v1-pdu-in-v2c' : 'v1-pdu-in-v3';
}
