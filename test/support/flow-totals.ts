import type { Omissions } from './exporters.ts';
import type { KnownFlow } from './traffic-capture.ts';

/** What one flow adds up to, whoever says it. Ports of ICMP: 0 and type * 256 + code. */
export interface FlowTotal {
  readonly protocol: number;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  readonly vlan: number;
  readonly tos: number;
  packets: number;
  bytes: number;
}

/** The known traffic, without the flows that are omitted. */
export function totalsOfTraffic(flows: readonly KnownFlow[], omits: Omissions): FlowTotal[] {
  return flows
    .filter((flow) => !(omits.ipv6 === true && flow.source.includes(':')))
    .map(({ protocol, source, sourcePort, destination, destinationPort, vlan, tos, packets, bytes }) => ({
      protocol,
      source,
      sourcePort,
      destination,
      destinationPort,
      vlan,
      tos,
      packets,
      bytes,
    }));
}

/**
 * One line a flow, sorted, so that two accounts of the same traffic can be compared and a difference be read.
 * What `omits` names is left out of the lines.
 */
export function describeTotals(totals: readonly FlowTotal[], omits: Omissions): string[] {
  const byFlow = new Map<string, { packets: number; bytes: number }>();
  for (const total of totals) {
    const flow = describeFlow(total, omits);
    const sum = byFlow.get(flow) ?? { packets: 0, bytes: 0 };
    byFlow.set(flow, { packets: sum.packets + total.packets, bytes: sum.bytes + total.bytes });
  }
  return [...byFlow].map(([flow, { packets, bytes }]) => `${flow}: ${packets} packets, ${bytes} bytes`).sort();
}

function describeFlow(total: FlowTotal, omits: Omissions): string {
  const { protocol, source, sourcePort, destination, destinationPort, vlan, tos } = total;
  const icmp = protocol === 1 || protocol === 58;
  const untold = icmp && (omits.icmpType === true || (omits.icmpType === 'ipv6' && protocol === 58));
  const ports = untold ? '' : ` ports ${icmp ? 0 : sourcePort} ${destinationPort}`;
  return `protocol ${protocol} ${source} > ${destination}${ports}${omits.tos === true ? '' : ` tos ${tos}`}${omits.vlan === true ? '' : ` vlan ${vlan}`}`;
}

/** A row of the table `flows`, from COPY or from the database. */
export function totalOfRow(row: Record<string, unknown>): FlowTotal {
  return {
    protocol: Number(row['protocol']),
    source: String(row['src_addr']),
    sourcePort: Number(row['src_port']),
    destination: String(row['dst_addr']),
    destinationPort: Number(row['dst_port']),
    vlan: Number(row['vlan']),
    tos: Number(row['tos']),
    packets: Number(row['packets']),
    bytes: Number(row['bytes']),
  };
}
