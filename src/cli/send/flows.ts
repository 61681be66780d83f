import { Option, type Command } from 'commander';
import { createLoad, LOAD_PROTOCOLS, type LoadProtocol } from '../../traffic/load.ts';
import { sendLoad, type SendReport } from '../../traffic/send-load.ts';
import { resolveTarget, SOURCE_KINDS, type SourceKind } from '../../traffic/udp-target.ts';
import { EXIT } from '../exit-codes.ts';
import { number, parseDurationOption, parseRate, parseShare, parseWholeNumber } from '../options/quantity-options.ts';
import { errorLines } from '../capture/send-errors.ts';
import { onStopSignals } from '../run/stop-signals.ts';
import { alignColumns } from '../terminal/align.ts';
import { bytesText, compact, grouped } from '../terminal/figures.ts';
import { ProgressBar } from '../terminal/progress-bar.ts';

interface SendFlowsOptions {
  readonly protocol: LoadProtocol;
  readonly to: string;
  readonly rate: number;
  readonly exporters: number;
  readonly duration: number;
  readonly source: SourceKind;
  readonly recordsPerDatagram?: number;
  readonly seed: number;
  readonly templateEvery: number;
  readonly sampling: number;
  readonly ipv6: number;
  readonly json?: true;
}

const HELP = `
Examples:
  dogwatch send flows                                         10 s, 1,000 records a second: does it arrive?
  dogwatch send flows --protocol ipfix --rate 50k --exporters 20 --duration 1m
  dogwatch send flows --protocol v9 --ipv6 30% --source loopback-range
  dogwatch send flows --protocol v5 --rate max                how much does a collector take?

Flows are made up: talkers by Zipf's law, a mix of services, sizes with a heavy tail, out of address ranges that never
appear on the Internet. The same seed gives the same flows. Afterwards it says what was sent, in records, octets and
sequence numbers, to be compared with what the collector stored. Every exporter has an observation domain (source id,
engine, sub-agent) and a source port of its own; with --source loopback-range also an address of its own, 127.1.0.1
and up.`;

/** `dogwatch send flows`: the load generator. */
export function registerSendFlows(send: Command): void {
  send
    .command('flows')
    .summary('send made-up flows to a collector')
    .description('Sends made-up flows to a collector at an even pace, and says afterwards what was sent.')
    .addOption(new Option('--protocol <name>', 'export protocol').choices(LOAD_PROTOCOLS).default('v9'))
    .option('--to <host[:port]>', 'collector', '127.0.0.1:2055')
    .addOption(new Option('--rate <n>', 'records a second, or max').argParser(parseRate).default(1000, '1000'))
    .addOption(number('--exporters <n>', 'exporters to play', 1, 65_535, 1))
    .addOption(
      new Option('--duration <time>', 'how long to send').argParser(parseDurationOption).default(10_000, '10s'),
    )
    .addOption(new Option('--source <kind>', 'how exporters differ').choices(SOURCE_KINDS).default('ports'))
    .addOption(
      new Option('--records-per-datagram <n>', 'default: as many as fit into an Ethernet frame').argParser(
        parseWholeNumber(1, 2000),
      ),
    )
    .addOption(number('--seed <n>', 'another seed, other flows', 0, 0x7f_ff_ff_ff, 1))
    .addOption(
      new Option('--template-every <time>', 'how often templates are repeated (v9, ipfix)')
        .argParser(parseDurationOption)
        .default(20_000, '20s'),
    )
    .addOption(number('--sampling <n>', 'sampling rate that exporters tell, 1 in n', 1, 1_000_000, 1000))
    .addOption(new Option('--ipv6 <share>', 'share of IPv6 flows, 0.3 or 30%').argParser(parseShare).default(0))
    .option('--json', 'report as JSON')
    .addHelpText('after', HELP)
    .action(sendFlows);
}

async function sendFlows(options: SendFlowsOptions): Promise<void> {
  const target = await resolveTarget(options.to, 2055);
  const load = createLoad({
    protocol: options.protocol,
    exporters: options.exporters,
    recordsPerDatagram: options.recordsPerDatagram,
    seed: options.seed,
    ipv6Share: options.ipv6,
    templateEveryMs: options.templateEvery,
    samplingRate: options.sampling,
  });
  const stop = new AbortController();
  const restore = onStopSignals(
    () => stop.abort(),
    () => process.exit(EXIT.interrupted),
  );
  const bar = new ProgressBar(process.stderr);
  try {
    const report = await sendLoad(load, {
      target,
      recordsPerSecond: options.rate,
      durationMs: options.duration,
      source: options.source,
      signal: stop.signal,
      onProgress: (elapsedMs, { records }) =>
        bar.show(elapsedMs / options.duration, `${compact(records)} records, ${rateText(records, elapsedMs)}`),
    });
    bar.end();
    process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : reportText(options, report));
    process.stderr.write(errorLines(report.errors, `${target.address}:${target.port}`));
    if (Object.keys(report.errors).length > 0) process.exitCode = EXIT.failure;
  } finally {
    bar.end();
    restore();
  }
}

function rateText(count: number, ms: number): string {
  return `${compact(Math.round((count / ms) * 1000))}/s`;
}

function reportText(options: SendFlowsOptions, report: SendReport): string {
  const { totals, seconds } = report;
  const asked =
    report.askedRecordsPerSecond === null ? 'as fast as it goes' : `asked ${grouped(report.askedRecordsPerSecond)}/s`;
  const lines = [
    ['records', `${grouped(totals.records)}, ${grouped(Math.round(report.recordsPerSecond))}/s (${asked})`],
    ['datagrams', `${grouped(totals.datagrams)}, ${grouped(Math.round(report.datagramsPerSecond))}/s`],
    ['time', `${seconds.toFixed(2)} s${report.interrupted ? ', interrupted' : ''}`],
    ['on the wire', `${bytesText(report.wireBytes)} (payload ${bytesText(totals.payloadBytes)})`],
    ['flows hold', `${grouped(totals.octets)} octets, ${grouped(totals.packets)} packets${samplingText(options)}`],
  ];
  if (totals.templates > 0) lines.push(['templates', `${totals.templates}, option records ${totals.optionRecords}`]);
  if (report.skippedRecords > 0)
    lines.push(['given up', `${grouped(report.skippedRecords)} records, too slow for the rate`]);
  const head = lines.map(([name = '', text = '']) => `${name.padEnd(12)}${text}\n`).join('');
  return `${head}\n${exporterLines(report)}`;
}

function samplingText({ sampling }: SendFlowsOptions): string {
  return sampling > 1 ? `, sampled 1 in ${grouped(sampling)}` : '';
}

const SHOWN_EXPORTERS = 20;

function exporterLines({ exporters }: SendReport): string {
  const rows = exporters
    .slice(0, SHOWN_EXPORTERS)
    .map((exporter) => [
      String(exporter.observationDomain),
      `${exporter.localAddress}:${exporter.localPort}`,
      grouped(exporter.datagrams),
      grouped(exporter.records),
      String(exporter.firstSequence ?? '-'),
      String(exporter.lastSequence ?? '-'),
    ]);
  const right = (title: string) => ({ title, right: true });
  const columns = [
    right('domain'),
    { title: 'sent from' },
    ...['datagrams', 'records', 'first seq', 'last seq'].map(right),
  ];
  const rest = exporters.length - rows.length;
  return alignColumns(columns, rows) + (rest > 0 ? `and ${grouped(rest)} more (all of them with --json)\n` : '');
}
