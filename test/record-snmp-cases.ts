/**
 * Records what net-snmp's `snmptrap` and `snmpinform` send into `test/cases/snmp-*`, with what `snmptrapd` read from it. Run by hand:
 * `node test/record-snmp-cases.ts`. Needs snmp and snmptrapd (`npm test` as root installs them).
 */
import { createSocket } from 'node:dgram';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ethernetFrame, pcapFile, udpDatagram } from './support/frames.ts';
import { isolateNetSnmp, printWithSnmptrapd } from './support/net-snmp-tools.ts';
import { runTool } from './support/processes.ts';
import { type Recorded, recordDatagrams } from './support/recorder.ts';

const CASES = join(dirname(fileURLToPath(import.meta.url)), 'cases');
const UPTIME = '4242';
const LINK_DOWN = '1.3.6.1.6.3.1.1.5.3';
const OBJECT = '1.3.6.1.4.1.99999';

/** Every type that the tools can send: object, type letter, value. */
const VALUES = [
  [`${OBJECT}.1`, 'i', '-5'],
  [`${OBJECT}.2`, 'i', '2147483647'],
  [`${OBJECT}.3`, 'u', '4294967295'],
  [`${OBJECT}.4`, 'c', '4000000000'],
  [`${OBJECT}.5`, 'C', '18446744073709551615'],
  [`${OBJECT}.6`, 's', 'Gi0/1 "up"'],
  [`${OBJECT}.7`, 'x', '001b2c3d4e5f'],
  [`${OBJECT}.8`, 'o', '1.3.6.1.4.1.4294967295.128'],
  [`${OBJECT}.9`, 'a', '192.0.2.7'],
  [`${OBJECT}.10`, 't', '12345'],
  [`${OBJECT}.11`, 'F', '0.5'],
  [`${OBJECT}.12`, 'D', '3.25'],
  [`${OBJECT}.13`, 'n', ''],
  [`${OBJECT}.14`, 'b', '1,9'],
  [`${OBJECT}.15`, 'I', '-9223372036854775807'],
  [`${OBJECT}.16`, 'U', '18446744073709551615'],
  [`${OBJECT}.17`, 's', ''],
  [`${OBJECT}.18`, 's', 'Büro 2'],
] as const;
/** SNMPv1 has no 64 bits. */
const V1_VALUES = VALUES.filter(([, type]) => !'CIU'.includes(type));

interface SnmpCase {
  readonly name: string;
  readonly command: 'snmptrap' | 'snmpinform';
  /** Parameters behind the address, one list a call. */
  readonly calls: readonly (readonly string[])[];
  readonly version: '1' | '2c';
}

const V1_HEAD = [OBJECT, '198.51.100.7'];
const cases: readonly SnmpCase[] = [
  {
    name: 'snmp-v1',
    command: 'snmptrap',
    version: '1',
    calls: [
      ...['0', '1', '2', '3', '4', '5'].map((generic) => [...V1_HEAD, generic, '0', UPTIME]),
      [...V1_HEAD, '6', '9003', UPTIME, ...V1_VALUES.flat()],
    ],
  },
  {
    name: 'snmp-v2c',
    command: 'snmptrap',
    version: '2c',
    calls: [
      [UPTIME, LINK_DOWN],
      [UPTIME, `${OBJECT}.0.1`, ...VALUES.flat()],
    ],
  },
  {
    name: 'snmp-v2c-inform',
    command: 'snmpinform',
    version: '2c',
    calls: [[UPTIME, LINK_DOWN, ...VALUES.slice(0, 7).flat()]],
  },
];

for (const each of cases) {
  const folder = await mkdtemp(join(tmpdir(), 'dogwatch-case-'));
  await recordCase(each, folder);
  await rm(folder, { recursive: true });
}

async function recordCase({ name, command, calls, version }: SnmpCase, folder: string): Promise<void> {
  isolateNetSnmp(folder);
  const recorded = await recordDatagrams(async (port) => {
    for (const call of calls) {
      const { code, output } = await runTool(
        command,
        // Nobody answers an inform here: it is sent once, and given up.
        ['-v', version, '-c', 'public', '-r', '0', '-t', '0.2', `127.0.0.1:${port}`, ...call],
        folder,
      );
      if (code !== 0 && command === 'snmptrap') throw new Error(`${command} failed:\n${output}`);
    }
  });
  const port = await freePort();
  const notifications = await printWithSnmptrapd(() => sendAll(recorded, port), port, recorded.length, folder);
  const target = join(CASES, name);
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'datagrams.pcap'), captureOf(recorded));
  const made = calls.map((call) => [command, '-v', version, '-c', 'public', ...call].join(' '));
  const expected = { made, expectedFrom: 'snmptrapd 5.9.3 (Debian 5.9.3+dfsg-2)', notifications };
  await writeFile(join(target, 'expected.json'), `${JSON.stringify(expected, null, 2)}\n`);
  process.stdout.write(`${name}: ${recorded.length} datagrams, ${notifications.length} notifications\n`);
}

function captureOf(recorded: readonly Recorded[]): Buffer {
  const now = Date.now() * 1000;
  const addresses = { protocol: 17, source: '192.0.2.1', destination: '192.0.2.2' };
  return pcapFile(
    recorded.map(({ sourcePort, payload }, index) => ({
      micros: now + index,
      frame: ethernetFrame(addresses, udpDatagram(sourcePort, 162, payload)),
    })),
  );
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

async function sendAll(recorded: readonly Recorded[], port: number): Promise<void> {
  const socket = createSocket('udp4');
  for (const { payload } of recorded) {
    await new Promise<void>((resolve, reject) => {
      socket.send(payload, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
    });
  }
  socket.close();
}
