import { SNMP_TRAPS } from '../../collectors/snmp/tables.ts';
import type { SealedBatch } from '../../storage/batch/batch-format.ts';
import { type Row as BatchRow, sealedBatch } from './batches.ts';
import type { Row } from './flow-rows.ts';

/** A linkDown of version 2c as the collector stores it, and `more`. */
export function trapRow(receivedAt: string, more: Row = {}): Row {
  return {
    received_at: receivedAt,
    device: '192.0.2.1',
    version: 2,
    pdu: 't',
    uptime: 4242,
    request_id: 7,
    trap_oid: '1.3.6.1.6.3.1.1.5.3',
    trap_name: 'IF-MIB::linkDown',
    varbinds: JSON.stringify([
      { oid: '1.3.6.1.2.1.2.2.1.1.3', name: 'IF-MIB::ifIndex.3', type: 'Integer', value: 3 },
      { oid: '1.3.6.1.2.1.2.2.1.8.3', name: 'IF-MIB::ifOperStatus.3', type: 'Integer', value: 2, text: 'down(2)' },
      { oid: '1.3.6.1.2.1.2.2.1.2.3', name: 'IF-MIB::ifDescr.3', type: 'OctetString', value: 'Gi1/0/3 "up"' },
    ]),
    ...more,
  };
}

/** A batch of traps; what a row does not name is NULL but for what it must have. */
export function trapBatch(...rows: readonly (BatchRow & { received_at: number })[]): SealedBatch {
  return sealedBatch(
    SNMP_TRAPS,
    rows.map((row) => ({ device: '192.0.2.1', pdu: 't', version: 2, ...row })),
  );
}
