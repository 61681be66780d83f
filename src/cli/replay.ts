import { BlockList, isIP } from 'node:net';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { familyOf } from '../traffic/family.ts';
import type { CapturedDatagram } from '../traffic/captured-datagram.ts';
import { replayCaptures, type ReplayPace, type ReplayReport } from '../traffic/replay.ts';
import { namesPort, resolveTarget, SOURCE_KINDS, type SourceKind } from '../traffic/udp-target.ts';
import { captureLines } from './capture/capture-lines.ts';
import { defaultTrapPort } from '../traffic/snmp/default-port.ts';
import { defaultSyslogPort } from '../traffic/syslog/default-ports.ts';
import { EXIT } from './exit-codes.ts';
import { parsePorts, parseRate, parseWholeNumber } from './options/quantity-options.ts';
import { errorLines } from './capture/send-errors.ts';
import { onStopSignals } from './run/stop-signals.ts';
import { bytesText, compact, grouped } from './terminal/figures.ts';
import { ProgressBar } from './terminal/progress-bar.ts';

interface ReplayCommandOptions {
  readonly to: string;
  readonly portMap: 'fixed' | 'original';
  readonly speed: ReplayPace;
  readonly rate?: number;
  readonly loop: number;
  readonly source: SourceKind;
  readonly ports?: ReadonlySet<number>;
  readonly all?: true;
  readonly from?: BlockList;
  readonly json?: true;
}

const FLOW_PORT = 2055;

const HELP = `
Examples:
  dogwatch replay router.pcap                                 to 127.0.0.1, at the pace of the capture
  dogwatch replay day.pcap.gz --speed 60x                     an hour in a minute
  dogwatch replay router.pcap --rate 5000 --loop 0            5,000 datagrams a second until Ctrl-C
  dogwatch replay mixed.pcapng --ports 2055,6343 --port-map original --to collector.example
  dogwatch replay many.pcap --from 192.0.2.0/24 --source loopback-range

Captures are pcap or pcapng, plain or compressed with gzip. Of their UDP payloads those are sent that look like NetFlow,
IPFIX, sFlow, syslog or SNMP notifications, or with --ports those that went to these ports. Unless --to names a port, flows go
to ${FLOW_PORT}, syslog to ${defaultSyslogPort('udp', true)} and traps to ${defaultTrapPort(true)} (${defaultSyslogPort('udp', false)} and ${defaultTrapPort(false)} for an ordinary user). Each captured source gets a local port of its own (with
--source loopback-range each captured address also an address, 127.1.0.1 and up), so that a collector keeps them apart.`;

/** `dogwatch replay`: sends a capture to a collector. */
export function registerReplay(program: Command): void {
  program
    .command('replay')
    .summary('send the UDP payloads of a capture to a collector')
    .description('Sends the UDP payloads of captures to a collector.')
    .argument('<file...>', 'captures: pcap or pcapng, also compressed (.gz)')
    .option('--to <host[:port]>', 'collector; ports unless one is named: see below', '127.0.0.1')
    .addOption(
      new Option('--port-map <kind>', "fixed: all to the collector's port; original: to the captured destination port")
        .choices(['fixed', 'original'])
        .default('fixed'),
    )
    .addOption(
      new Option('--speed <speed>', 'original, max, or a factor such as 10x')
        .argParser(parseSpeed)
        .default({ kind: 'original', factor: 1 }, 'original'),
    )
    .addOption(new Option('--rate <n>', 'datagrams a second, instead of --speed').argParser(parseRate))
    .addOption(
      new Option('--loop <n>', 'how many times, 0 until interrupted')
        .argParser(parseWholeNumber(0, 1_000_000_000))
        .default(1),
    )
    .addOption(new Option('--source <kind>', 'how captured sources differ').choices(SOURCE_KINDS).default('ports'))
    .addOption(new Option('--ports <list>', 'only datagrams to these ports, whatever they hold').argParser(parsePorts))
    .option('--all', 'every UDP datagram')
    .addOption(new Option('--from <prefix>', 'only datagrams of this address or prefix').argParser(parsePrefix))
    .option('--json', 'report as JSON')
    .addHelpText('after', HELP)
    .action(replay);
}

/** `original`, `max`, or a factor: `10x`, `0.5x`. */
function parseSpeed(text: string): ReplayPace {
  if (text === 'original') return { kind: 'original', factor: 1 };
  if (text === 'max') return { kind: 'max' };
  const factor = Number(/^(\d+(?:\.\d+)?)[x×]?$/.exec(text)?.[1]);
  if (!(factor > 0)) throw new InvalidArgumentError('It must be original, max, or a factor such as 10x.');
  return { kind: 'original', factor };
}

function parsePrefix(text: string): BlockList {
  const [address = '', bits] = text.split('/');
  const family = isIP(address);
  const widest = family === 6 ? 128 : 32;
  const length = bits === undefined ? widest : Number(bits);
  if (family === 0 || !Number.isInteger(length) || length < 0 || length > widest) {
    throw new InvalidArgumentError('It must be an address or a prefix such as 192.0.2.0/24.');
  }
  const list = new BlockList();
  list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  return list;
}

async function replay(files: string[], options: ReplayCommandOptions): Promise<void> {
  const target = await resolveTarget(options.to, FLOW_PORT);
  const isPortNamed = namesPort(options.to);
  const stop = new AbortController();
  const restore = onStopSignals(
    () => stop.abort(),
    () => process.exit(EXIT.interrupted),
  );
  const bar = new ProgressBar(process.stderr);
  try {
    const report = await replayCaptures({
      files,
      target,
      pace: paceOf(options),
      portMap: options.portMap,
      ...(isPortNamed ? {} : { portOf: usualPort }),
      source: options.source,
      loops: options.loop === 0 ? Infinity : options.loop,
      choose: chooser(options),
      signal: stop.signal,
      onProgress: (fraction, { datagrams, payloadBytes }) =>
        bar.show(fraction, `${compact(datagrams)} datagrams, ${bytesText(payloadBytes)}`),
    });
    bar.end();
    process.stdout.write(options.json === true ? `${jsonReport(report)}\n` : reportText(report));
    process.stderr.write(errorLines(report.errors, isPortNamed ? `${target.address}:${target.port}` : target.address));
    if (Object.keys(report.errors).length > 0 || report.captures.some(({ tally }) => tally.problem !== undefined)) {
      process.exitCode = EXIT.failure;
    }
  } finally {
    bar.end();
    restore();
  }
}

function paceOf({ speed, rate }: ReplayCommandOptions): ReplayPace {
  if (rate === undefined) return speed;
  return rate === Infinity ? { kind: 'max' } : { kind: 'rate', datagramsPerSecond: rate };
}

function chooser({ ports, all, from }: ReplayCommandOptions): (datagram: CapturedDatagram) => boolean {
  const wanted = (datagram: CapturedDatagram) =>
    all === true || (ports === undefined ? hasFamily(datagram) : ports.has(datagram.destinationPort));
  const comesFrom = ({ sourceAddress }: CapturedDatagram) =>
    from === undefined || from.check(sourceAddress, isIP(sourceAddress) === 6 ? 'ipv6' : 'ipv4');
  return (datagram) => wanted(datagram) && comesFrom(datagram);
}

function hasFamily({ payload, destinationPort }: CapturedDatagram): boolean {
  return familyOf(payload, destinationPort) !== undefined;
}

/** Where a collector listens for what a datagram holds; what is of no family goes where flows go. */
function usualPort({ payload, destinationPort }: CapturedDatagram): number {
  const family = familyOf(payload, destinationPort);
  if (family === 'snmp') return defaultTrapPort();
  return family === 'syslog' ? defaultSyslogPort('udp') : FLOW_PORT;
}

function jsonReport(report: ReplayReport): string {
  const captures = report.captures.map(({ file, tally }) => ({
    file,
    ...tally,
    skipped: Object.fromEntries(tally.skipped),
  }));
  return JSON.stringify({ ...report, captures });
}

function reportText(report: ReplayReport): string {
  const lines = [
    ['datagrams', `${grouped(report.datagrams)} of ${grouped(report.sources.length)} sources`],
    ['payload', `${bytesText(report.payloadBytes)} (${bytesText(report.wireBytes)} on the wire)`],
    ['time', `${report.seconds.toFixed(2)} s${report.interrupted ? ', interrupted' : ''}`],
    ['rate', `${grouped(Math.round(report.datagramsPerSecond))} datagrams/s`],
  ];
  if (report.passedOver > 0) {
    lines.push(['passed over', `${grouped(report.passedOver)} other UDP datagrams (--ports or --all sends them)`]);
  }
  const head = lines.map(([name = '', text = '']) => `${name.padEnd(12)}${text}\n`).join('');
  return head + report.captures.map(({ file, tally }) => captureLines(file, tally)).join('');
}
