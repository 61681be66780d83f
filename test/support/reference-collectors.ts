import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FlowTotal } from './flow-totals.ts';
import { eventually, runTool, startTool } from './processes.ts';

/** Runs `send` with a port where nfcapd listens. @returns what nfdump finds in its files */
export async function collectWithNfcapd(send: (port: number) => Promise<void>, folder: string): Promise<FlowTotal[]> {
  const files = join(folder, 'nfcapd');
  await mkdir(files);
  const port = await freeUdpPort();
  const collector = startTool('nfcapd', ['-b', '127.0.0.1', '-p', String(port), '-w', files], folder);
  await collector.says(/Startup nfcapd/);
  await send(port);
  await eventually('nfcapd has read its socket', async () => (await receiveQueueBytes(port)) === 0);
  collector.child.kill('SIGTERM');
  await collector.exited;
  return readWithNfdump(files);
}

async function readWithNfdump(files: string): Promise<FlowTotal[]> {
  const { output } = await runTool('nfdump', ['-R', files, '-q', '-o', 'json'], files);
  // Objects with commas between and after them, in an array or not, as the version has it.
  const records: unknown = JSON.parse(
    `[${output
      .trim()
      .replace(/^\[/, '')
      .replace(/,?\s*\]?$/, '')}]`,
  );
  if (!Array.isArray(records)) throw new Error('nfdump wrote no list');
  return records.flatMap(totalsOfNfdump);
}

function totalsOfNfdump(record: Record<string, string & number>): FlowTotal[] {
  const forward = {
    protocol: record['proto'] ?? 0,
    source: record['src4_addr'] ?? record['src6_addr'] ?? '',
    sourcePort: record['src_port'] ?? 0,
    destination: record['dst4_addr'] ?? record['dst6_addr'] ?? '',
    destinationPort: record['dst_port'] ?? (record['icmp_type'] ?? 0) * 256 + (record['icmp_code'] ?? 0),
    vlan: record['src_vlan'] ?? 0,
    tos: record['src_tos'] ?? 0,
    packets: record['in_packets'] ?? 0,
    bytes: record['in_bytes'] ?? 0,
  };
  const reversePackets = record['out_packets'] ?? 0;
  if (reversePackets === 0) return [forward];
  // A bidirectional flow (RFC 5103): the answer is the same flow with its ends changed over.
  const reverse = {
    ...forward,
    source: forward.destination,
    sourcePort: forward.destinationPort,
    destination: forward.source,
    destinationPort: forward.sourcePort,
    packets: reversePackets,
    bytes: record['out_bytes'] ?? 0,
  };
  return [forward, reverse];
}

/**
 * What pmacct's sfacctd makes of a capture of sFlow. It counts the bytes of whole frames as the agent states them (frame_length,
 * with the frame check sequence); here they are reduced to those of the IP packet, as in the other accounts.
 */
export async function readWithSfacctd(capture: string, folder: string): Promise<FlowTotal[]> {
  const settings = join(folder, 'sfacctd.conf');
  const file = join(folder, 'sfacctd.json');
  const lines = [
    'daemonize: false',
    `pcap_savefile: ${capture}`,
    'plugins: print',
    'print_output: json',
    `print_output_file: ${file}`,
    'aggregate: src_host, dst_host, src_port, dst_port, proto, tos, vlan',
  ];
  await writeFile(settings, `${lines.join('\n')}\n`);
  await runTool('sfacctd', ['-f', settings], folder);
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => totalOfSfacctd(JSON.parse(line)));
}

const PROTOCOLS = new Map([
  ['icmp', 1],
  ['tcp', 6],
  ['udp', 17],
  ['ipv6-icmp', 58],
]);
const ETHERNET_BYTES = 14 + 4; // header and frame check sequence
const VLAN_TAG_BYTES = 4;

function totalOfSfacctd(record: Record<string, string & number>): FlowTotal {
  const vlan = record['vlan'] ?? 0;
  const packets = record['packets'] ?? 0;
  return {
    protocol: PROTOCOLS.get(record['ip_proto'] ?? '') ?? Number(record['ip_proto']),
    source: record['ip_src'] ?? '',
    sourcePort: record['port_src'] ?? 0,
    destination: record['ip_dst'] ?? '',
    destinationPort: record['port_dst'] ?? 0,
    vlan,
    tos: record['tos'] ?? 0,
    packets,
    bytes: (record['bytes'] ?? 0) - packets * (ETHERNET_BYTES + (vlan === 0 ? 0 : VLAN_TAG_BYTES)),
  };
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** What waits in the kernel for the process behind a UDP port of 127.0.0.1: proc(5), /proc/net/udp, rx_queue. */
async function receiveQueueBytes(port: number): Promise<number> {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const line = (await readFile('/proc/net/udp', 'utf8')).split('\n').find((each) => each.includes(address));
  const queues = line?.trim().split(/\s+/)[4] ?? ':0';
  return Number.parseInt(queues.split(':')[1] ?? '0', 16);
}
