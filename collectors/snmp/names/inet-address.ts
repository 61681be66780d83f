/**
 * InetAddress of RFC 4001: 4 octets of IPv4, 16 of IPv6, and 4 more where a zone follows (`%3`). Another object says which, but the
 * length tells as well; undefined for any other length, which is a DNS name.
 */
export function inetAddressText(octets: Uint8Array): string | undefined {
  switch (octets.length) {
    case 4:
      return octets.join('.');
    case 8:
      return `${octets.subarray(0, 4).join('.')}%${zoneOf(octets)}`;
    case 16:
      return ipv6Text(octets);
    case 20:
      return `${ipv6Text(octets.subarray(0, 16))}%${zoneOf(octets)}`;
    default:
      return undefined;
  }
}

function zoneOf(octets: Uint8Array): number {
  return octets.subarray(-4).reduce((zone, octet) => zone * 256 + octet, 0);
}

/** RFC 5952: the longest run of zero groups, of two at least, is left out. */
function ipv6Text(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => (octets[index * 2] ?? 0) * 256 + (octets[index * 2 + 1] ?? 0));
  let longest = { start: 0, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > longest.length) longest = { start, length };
  }
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  if (longest.length < 2) return hex(0, 8);
  return `${hex(0, longest.start)}::${hex(longest.start + longest.length, 8)}`;
}
