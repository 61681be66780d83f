/**
 * DateAndTime of RFC 2579: 8 octets of local time, or 11 with the distance from UTC, as RFC 3339 writes a time. undefined when the
 * octets are no such time; a clock that was never set sends zeroes.
 */
export function dateAndTimeText(octets: Uint8Array): string | undefined {
  if (octets.length !== 8 && octets.length !== 11) return undefined;
  const [high = 0, low = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, tenth = 0] = octets;
  const wrong = month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 || tenth > 9;
  if (wrong) return undefined;
  const date = `${digits(high * 256 + low, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const zone = octets.length === 8 ? '' : zoneText(octets);
  if (zone === undefined) return undefined;
  return `${date}T${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}.${tenth}${zone}`;
}

function zoneText(octets: Uint8Array): string | undefined {
  const sign = String.fromCharCode(octets[8] ?? 0);
  const [hours = 0, minutes = 0] = octets.subarray(9);
  if ((sign !== '+' && sign !== '-') || hours > 14 || minutes > 59) return undefined;
  return `${sign}${digits(hours, 2)}:${digits(minutes, 2)}`;
}

function digits(number: number, count: number): string {
  return String(number).padStart(count, '0');
}
