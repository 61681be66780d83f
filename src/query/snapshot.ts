const XID_EPOCH = 4_294_967_296n;

/**
 * Whether the transaction that committed as `xid` is seen in `snapshot`.
 * @param xid 32 bits, as in `xmin`; of a transaction that is not a subtransaction and lies within 2^31 of the snapshot
 * @param snapshot text of `pg_current_snapshot()`: `xmin:xmax:in progress,…`, of 64 bits (PostgreSQL manual, 9.28)
 */
export function isSeenIn(xid: string, snapshot: string): boolean {
  const [xmin = '0', xmax = '0', running = ''] = snapshot.split(':');
  const reference = BigInt(xmax);
  // The epoch that puts it nearest to the snapshot.
  let full = (reference / XID_EPOCH) * XID_EPOCH + BigInt(xid);
  if (full - reference > XID_EPOCH / 2n) full -= XID_EPOCH;
  else if (reference - full > XID_EPOCH / 2n) full += XID_EPOCH;
  if (full < BigInt(xmin)) return true;
  return full < reference && !running.split(',').includes(String(full));
}
