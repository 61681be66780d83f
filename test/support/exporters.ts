import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './processes.ts';

export interface Omissions {
  /** IPv6 flows are not exported. */
  readonly ipv6?: boolean;
  readonly vlan?: boolean;
  readonly tos?: boolean;
  /** Type and code of ICMP, or only those of ICMPv6. */
  readonly icmpType?: boolean | 'ipv6';
  /** The exporter throws away the packets that it has collected when it ends. */
  readonly lastPackets?: boolean;
}

/** A real exporter that reads a capture and sends what it saw to a collector. */
export interface Exporter {
  readonly name: string;
  /** As in the table `exporters`. */
  readonly protocol: 'netflow5' | 'netflow9' | 'ipfix' | 'sflow5';
  readonly command: string;
  /**
   * How well its times can be known. NetFlow v9 tells uptimes, and what o'clock it was in whole seconds (RFC 3954 section 5.1).
   * Others round to milliseconds, the start of their own clock included. Undefined: it tells none.
   */
  readonly timesWithinMs: number | undefined;
  /** As a reader of the case would type it. */
  readonly description: string;
  /** What of the traffic the protocol or the exporter does not say. */
  readonly omits: Omissions;
  /** What the reference collector (nfdump, sfacctd) does not understand of it. */
  readonly referenceOmits?: Omissions;
  /** Sends all of `capture` to 127.0.0.1:`port`; resolves when the exporter has ended. `folder`: for its own files. */
  exportCapture(capture: string, port: number, folder: string): Promise<void>;
}

export const EXPORTERS: readonly Exporter[] = [
  softflowd('softflowd-netflow5', 'netflow5', ['-v', '5'], { ipv6: true, vlan: true }),
  softflowd('softflowd-netflow9', 'netflow9', ['-v', '9', '-T', 'vlan'], { icmpType: 'ipv6' }),
  softflowd('softflowd-ipfix', 'ipfix', ['-v', '10', '-T', 'vlan'], {}),
  softflowd('softflowd-ipfix-absolute', 'ipfix', ['-v', '10', '-T', 'vlan', '-A', 'nano'], {}),
  {
    ...softflowd('softflowd-ipfix-biflow', 'ipfix', ['-v', '10', '-T', 'vlan', '-b'], {}),
    referenceOmits: { tos: true }, // nfdump 1.7.1 takes the class of the answer for that of the request
  },
  nfprobe('nfprobe-netflow5', 'netflow5', 5, { ipv6: true, vlan: true }),
  nfprobe('nfprobe-netflow9', 'netflow9', 9, { icmpType: true }),
  nfprobe('nfprobe-ipfix', 'ipfix', 10, {}),
  {
    ...pmacctd('sfprobe-sflow5', 'sflow5', 'sfprobe', ['plugins: sfprobe', 'sampling_rate: 1'], { lastPackets: true }),
    referenceOmits: { icmpType: true },
  },
];

function softflowd(
  name: string,
  protocol: Exporter['protocol'],
  options: readonly string[],
  omits: Omissions,
): Exporter {
  return {
    name,
    protocol,
    omits,
    command: 'softflowd',
    timesWithinMs: protocol === 'netflow9' ? 1000 : 2,
    description: `softflowd 1.1.0 (Debian 1.1.0-1), -6 ${options.join(' ')}`,
    exportCapture: async (capture, port, folder) => {
      const control = ['-d', '-p', join(folder, `softflowd-${port}.pid`), '-c', 'none'];
      const { code, output } = await runTool(
        'softflowd',
        ['-r', capture, '-n', `127.0.0.1:${port}`, '-6', ...options, ...control],
        folder,
      );
      if (code !== 0 || !output.includes('(0 failures)')) throw new Error(`softflowd failed:\n${output}`);
    },
  };
}

function nfprobe(name: string, protocol: Exporter['protocol'], version: number, omits: Omissions): Exporter {
  const settings = [
    'plugins: nfprobe',
    `nfprobe_version: ${version}`,
    'aggregate: src_host, dst_host, src_port, dst_port, proto, tos, vlan, tcpflags',
  ];
  return pmacctd(name, protocol, 'nfprobe', settings, omits);
}

function pmacctd(
  name: string,
  protocol: Exporter['protocol'],
  plugin: 'nfprobe' | 'sfprobe',
  settings: readonly string[],
  omits: Omissions,
): Exporter {
  return {
    name,
    protocol,
    omits,
    command: 'pmacctd',
    timesWithinMs: protocol === 'sflow5' ? undefined : 2,
    description: `pmacctd 1.7.7 (Debian 1.7.7-1), ${settings.join('; ')}`,
    exportCapture: async (capture, port, folder) => {
      const file = join(folder, `${name}-${port}.conf`);
      const own = ['daemonize: false', `pcap_savefile: ${capture}`, `${plugin}_receiver: 127.0.0.1:${port}`];
      await writeFile(file, [...own, ...settings, ''].join('\n'));
      const { output } = await runTool('pmacctd', ['-f', file], folder);
      // Its exit code is 1 with sfprobe even when all went well.
      if (!output.includes('Exporting flows to')) throw new Error(`pmacctd failed:\n${output}`);
    },
  };
}
