const VERSIONS = new Set([1, 5, 7, 9, 10]);
const HEADER_BYTES: Readonly<Record<number, number>> = { 1: 16, 5: 24, 7: 24, 9: 20, 10: 16 };

/** Whether `payload` begins like NetFlow, IPFIX or sFlow. A guess, for choosing datagrams out of a capture. */
export function looksLikeFlows(payload: Buffer): boolean {
  if (payload.length < 16) return false;
  // sFlow v5: a 32-bit version, then the agent's address type, 1 or 2.
  if (payload.readUInt32BE(0) === 5) return payload.readUInt32BE(4) === 1 || payload.readUInt32BE(4) === 2;
  const version = payload.readUInt16BE(0);
  if (!VERSIONS.has(version) || payload.length < (HEADER_BYTES[version] ?? 16)) return false;
  const second = payload.readUInt16BE(2);
  // IPFIX tells its length, the others a number of records; damaged ones are wanted too, random bytes are not.
  return version === 10 ? second >= 16 : second > 0;
}
