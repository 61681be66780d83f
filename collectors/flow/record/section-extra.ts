import { writeJsonValue } from '../values/json-value.ts';
import type { PacketHeader } from '../packet/packet-header.ts';

/** The most bytes that `writeSectionExtra` writes. */
export const MAX_SECTION_EXTRA_BYTES = 512;

const SOURCE_MAC = Buffer.from(',"sourceMacAddress":');
const DESTINATION_MAC = Buffer.from(',"destinationMacAddress":');

/** What a packet section tells beyond the columns, by the names of IANA's elements; each entry begins with a comma. */
export function sectionExtraWriter() {
  return (out: Buffer, start: number, source: Buffer, header: PacketHeader): number => {
    let at = start;
    if (header.srcMacOffset >= 0) at = writeMac(SOURCE_MAC, source, header.srcMacOffset, out, at);
    if (header.dstMacOffset >= 0) at = writeMac(DESTINATION_MAC, source, header.dstMacOffset, out, at);
    if (header.outer.flowLabel > 0) at += out.write(`,"flowLabelIPv6":${header.outer.flowLabel}`, at);
    if (header.innerVlan >= 0) at += out.write(`,"dot1qCustomerVlanId":${header.innerVlan}`, at);
    for (let i = 0; i < header.mplsDepth; i++) {
      const name = i === 0 ? 'mplsTopLabelStackSection' : `mplsLabelStackSection${i + 1}`;
      // label, traffic class and bottom bit: three bytes, as these elements have them
      const entry = ((header.mplsLabels[i] ?? 0) >>> 8).toString(16).padStart(6, '0');
      at += out.write(`,"${name}":"${entry}"`, at);
    }
    return at;
  };
}

function writeMac(key: Buffer, source: Buffer, offset: number, out: Buffer, at: number): number {
  key.copy(out, at);
  return writeJsonValue('macAddress', source, offset, 6, out, at + key.length);
}
