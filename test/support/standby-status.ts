import type { PairNodeStatus } from '../../src/pair/pair-status.ts';

/** What a node of a pair says of itself that lacks nothing and is not active. @param more what it says otherwise */
export function standbyStatus(node: string, more: Partial<PairNodeStatus> = {}): PairNodeStatus {
  return {
    node,
    version: '0.1.0',
    address: '192.0.2.11 port 8056',
    startedAt: '2026-11-23T03:00:00.000Z',
    role: 'standby',
    reason: 'dw-a is active',
    since: '2026-11-23T03:00:00.000Z',
    epoch: 7,
    votes: { database: { leftMs: 0, trouble: undefined }, peer: { leftMs: 0, trouble: undefined } },
    holdsAddress: false,
    isListening: false,
    readiness: { isReady: true, findings: [] },
    queue: { batches: 0, rows: 0, oldestMs: 0 },
    settingsDigest: 'ab',
    ...more,
  };
}
