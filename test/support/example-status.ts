import type { CollectorStatus } from '../../src/console/status.ts';

/** The status of a collector that is well and has done a little. */
export function exampleStatus(): CollectorStatus {
  const MIB = 1024 * 1024;
  return {
    node: 'n1',
    version: '0.1.0',
    pid: 4242,
    startedAt: '2026-11-22T10:00:00.000Z',
    ready: true,
    reasons: [],
    listeners: [
      {
        family: 'flow',
        address: '::',
        port: 2055,
        receiveBufferBytes: 8 * MIB,
        wantedReceiveBufferBytes: 8 * MIB,
        datagrams: 1000,
        bytes: 1_400_000,
        refused: 0,
        kernelDrops: 0,
      },
    ],
    flow: {
      datagrams: 1000,
      records: 30_000,
      rows: 30_000,
      templates: 4,
      undecodable: 0,
      held: 0,
      heldExpired: 0,
      lost: 0,
      reordered: 0,
      duplicates: 0,
      exporters: 2,
      exporterEvictions: 0,
      templateEvictions: 0,
      compilationsDeferred: 0,
    },
    journal: { batches: 0, rows: 0, bytes: 0, maxBytes: 10_240 * MIB, oldestMs: 0, lostRows: 0, corruptBatches: 0 },
    writer: {
      state: 'writing',
      batches: 10,
      rows: 30_000,
      duplicates: 0,
      rejectedRows: 0,
      failures: 0,
      error: undefined,
    },
    database: { description: 'embedded PostgreSQL 18', psql: 'psql -h /run/dw dogwatch' },
  };
}
