import { ipfix, longs, netflow9, set, template, words } from '../../../support/flow-datagrams.ts';
import { informDatagram } from './inform.ts';

export const KINDS = ['netflow5', 'netflow9', 'ipfix', 'syslog', 'inform'] as const;
export type Kind = (typeof KINDS)[number];

/** Datagrams of one sender. Each carries one record, and that one its number: as its packets, in its text, or as a variable. */
export interface NumberedDatagrams {
  /** What a collector must know before, sent a single time. */
  readonly templates: Buffer | undefined;
  /** `number`: from 1. */
  make(number: number, nowMs: number): Buffer;
}

const TEMPLATE_ID = 300;
// IANA: sourceIPv4Address, destinationIPv4Address, packetDeltaCount, octetDeltaCount, ports, protocolIdentifier
const FIELDS = [
  [8, 4],
  [12, 4],
  [2, 4],
  [1, 4],
  [7, 2],
  [11, 2],
  [4, 1],
] as const;
const SOURCE = 0xc0_00_02_01; // 192.0.2.1 and 198.51.100.1: addresses for documentation (RFC 5737)
const DESTINATION = 0xc6_33_64_01;
const TCP = 6;

/** `domain`: observation domain, or engine type and id of NetFlow v5: tells senders of one machine apart. */
export function numberedDatagrams(kind: Kind, domain: number): NumberedDatagrams {
  return MAKERS[kind](domain);
}

const MAKERS: Readonly<Record<Kind, (domain: number) => NumberedDatagrams>> = {
  netflow5: (domain) => ({ templates: undefined, make: (number, nowMs) => netflow5(number, nowMs, domain) }),
  netflow9: (domain) => ({
    templates: netflow9({ domain, sequence: 0 }, set(0, [template(TEMPLATE_ID, FIELDS)])),
    // RFC 3954, section 5.3: sets end on four bytes.
    make: (number, nowMs) =>
      netflow9({ domain, sequence: number, seconds: Math.floor(nowMs / 1000) }, set(TEMPLATE_ID, record(number), 3)),
  }),
  ipfix: (domain) => ({
    templates: ipfix({ domain, sequence: 0 }, set(2, [template(TEMPLATE_ID, FIELDS)])),
    // RFC 7011, section 3.1: the sequence number counts data records before this message.
    make: (number, nowMs) =>
      ipfix({ domain, sequence: number - 1, seconds: Math.floor(nowMs / 1000) }, set(TEMPLATE_ID, record(number))),
  }),
  syslog: (domain) => ({
    templates: undefined,
    make: (number, nowMs) =>
      Buffer.from(`<134>1 ${new Date(nowMs).toISOString()} lab numbers ${domain} - - number=${number}`),
  }),
  inform: () => ({ templates: undefined, make: (number) => informDatagram(number) }),
};

function record(number: number): Buffer[] {
  return [longs(SOURCE, DESTINATION, number, 40), words(40_000, 443), Buffer.of(TCP)];
}

// Cisco, NetFlow Export Datagram Format: header of 24 bytes, record of 48.
function netflow5(number: number, nowMs: number, domain: number): Buffer {
  const uptimeMs = 1_000_000;
  return Buffer.concat([
    words(5, 1),
    longs(uptimeMs, Math.floor(nowMs / 1000), 0, number - 1),
    words(domain, 0),
    longs(SOURCE, DESTINATION, 0),
    words(1, 2),
    longs(number, 40, uptimeMs - 10, uptimeMs),
    words(40_000, 443),
    Buffer.of(0, 0, TCP, 0),
    words(0, 0),
    Buffer.of(0, 0, 0, 0),
  ]);
}
