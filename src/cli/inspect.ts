import { Option, type Command } from 'commander';
import type { Datagram } from '../../collectors/datagram.ts';
import type { DecodeTrouble } from '../../collectors/flow/decode-trouble.ts';
import { type ReadFile, readDatagrams } from '../traffic/datagram-files.ts';
import { familyOf } from '../traffic/family.ts';
import { type Finding, Inspector } from '../traffic/inspector.ts';
import type { Row } from '../traffic/memory-rows.ts';
import { captureLines } from './capture/capture-lines.ts';
import { EXIT } from './exit-codes.ts';
import {
  counterLine,
  exporterTable,
  flowTable,
  optionLine,
  templateLines,
  templateSummary,
  totalsLine,
} from './capture/inspect-lines.ts';
import { findingJson } from './capture/inspect-json.ts';
import { messageTable, messageTotalsLine } from './capture/message-lines.ts';
import { trapLine, trapTotalsLine, v3HeaderLine } from './capture/trap-lines.ts';
import { parsePorts, parseWholeNumber } from './options/quantity-options.ts';
import { grouped } from './terminal/figures.ts';

interface InspectOptions {
  readonly limit: number;
  readonly templates?: true;
  readonly ports?: ReadonlySet<number>;
  readonly json?: true;
}

const HELP = `
Examples:
  dogwatch inspect router.pcap                    records, templates, option data, losses, and what failed and why
  dogwatch inspect router.pcap --templates        every template with its fields, and nothing else
  dogwatch inspect logs.pcap --json | jq 'select(.kind == "message") | .fields'
  dogwatch inspect payload.bin                    one UDP payload a file, without link, IP and UDP headers
  tcpdump -i eth0 -w - udp port 2055 | dogwatch inspect -
  dogwatch inspect big.pcap.gz --json | jq 'select(.kind == "flow") | .bytes'

Datagrams are taken that look like NetFlow, IPFIX, sFlow, syslog or SNMP notifications, or went to a port of syslog (514, 5514) or
traps (162, 1162), or with --ports those that went to these ports. SNMPv3 is shown without looking at digests, and of encrypted
messages the header. Sampling is shown as 1:n with its source: r record, o option data, h header. Stamps of messages
that name no zone are read as local time (TZ=… changes it). Exit code 1 when something could not be decoded; messages always
can, if only as text.`;

/** `dogwatch inspect`: decodes without a collector. */
export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .summary('decode a capture and print what it holds')
    .description('Decodes captures without a collector or a database, and prints what they hold.')
    .argument(
      '<file...>',
      'captures (pcap, pcapng, .gz), files of one payload each, or - for a capture on standard input',
    )
    .addOption(
      new Option('--limit <n>', 'records to print of each kind, 0 for all')
        .argParser(parseWholeNumber(0, 1_000_000_000))
        .default(50),
    )
    .option('--templates', 'print templates with all their fields, and nothing else')
    .addOption(new Option('--ports <list>', 'only datagrams to these ports, whatever they hold').argParser(parsePorts))
    .option('--json', 'one JSON object a line; no limit unless --limit is given')
    .addHelpText('after', HELP)
    .action(inspect);
}

async function inspect(files: string[], options: InspectOptions, command: Command): Promise<void> {
  const limit = options.json === true && command.getOptionValueSource('limit') === 'default' ? 0 : options.limit;
  const inspector = new Inspector();
  const read: ReadFile[] = [];
  const report = new Report(limit === 0 ? Infinity : limit, options);
  let passedOver = 0;
  for await (const datagram of readDatagrams(files, (file) => read.push(file))) {
    const isCapture = read.at(-1)?.tally !== undefined;
    const wanted = isWanted(datagram, options.ports);
    if (isCapture && !wanted) passedOver += 1;
    else for (const finding of inspector.inspect(datagram)) report.add(finding);
  }
  const damaged = read.map(({ file, tally }) => (tally === undefined ? '' : captureLines(file, tally))).join('');
  report.end(inspector);
  process.stderr.write(damaged);
  if (passedOver > 0 && options.json !== true) {
    process.stdout.write(`${grouped(passedOver)} other UDP datagrams passed over (--ports takes them)\n`);
  }
  const broken = read.some(({ tally }) => tally?.problem !== undefined);
  if (inspector.totals.undecodable + inspector.trapTotals.undecodable > 0 || broken) process.exitCode = EXIT.failure;
}

function isWanted({ bytes, localPort }: Datagram, ports: ReadonlySet<number> | undefined): boolean {
  return ports === undefined ? familyOf(bytes, localPort) !== undefined : ports.has(localPort);
}

// Flows and messages are printed in tables of so many rows, so that a large capture does not fill the memory.
const TABLE_ROWS = 500;

/** Prints flows as they come, and the rest, bounded, at the end. */
class Report {
  readonly #limit: number;
  readonly #options: InspectOptions;
  readonly #width = process.stdout.isTTY ? process.stdout.columns : Infinity;
  readonly #counts = new Map<Finding['kind'], number>();
  readonly #troubles = new Map<string, { count: number; first: DecodeTrouble }>();
  readonly #lines = new Map<string, string[]>();
  #flows: Row[] = [];
  #messages: Row[] = [];

  constructor(limit: number, options: InspectOptions) {
    this.#limit = limit;
    this.#options = options;
  }

  add(finding: Finding): void {
    const count = (this.#counts.get(finding.kind) ?? 0) + 1;
    this.#counts.set(finding.kind, count);
    if (finding.kind === 'trouble') this.#countTrouble(finding.trouble);
    if (this.#options.templates === true && finding.kind !== 'template') return;
    if (count > this.#limit) return;
    if (this.#options.json === true) process.stdout.write(`${findingJson(finding)}\n`);
    else this.#show(finding);
  }

  #show(finding: Finding): void {
    switch (finding.kind) {
      case 'flow':
        this.#flows.push(finding.row);
        if (this.#flows.length >= TABLE_ROWS) this.#printFlows();
        return;
      case 'message':
        this.#messages.push(finding.row);
        if (this.#messages.length >= TABLE_ROWS) this.#printMessages();
        return;
      case 'template':
        if (this.#options.templates === true) {
          process.stdout.write(`${templateLines(finding.template, this.#width)}\n`);
        } else this.#line('Templates', templateSummary(finding.template));
        return;
      case 'trap':
        return this.#line('SNMP notifications', trapLine(finding.row));
      case 'v3-header':
        return this.#line('SNMPv3, encrypted or no notification', v3HeaderLine(finding.header));
      case 'option':
        return this.#line('Option data', optionLine(finding.option));
      case 'counters':
        return this.#line('Counter samples', counterLine(finding.row));
      case 'interface':
      case 'application':
      case 'trouble':
        // The option data tells the first two, a summary by reason the last.
        return;
    }
  }

  #line(section: string, text: string): void {
    const lines = this.#lines.get(section) ?? [];
    lines.push(text);
    this.#lines.set(section, lines);
  }

  #printFlows(): void {
    if (this.#flows.length > 0) process.stdout.write(`${flowTable(this.#flows, this.#width)}\n`);
    this.#flows = [];
  }

  #printMessages(): void {
    if (this.#messages.length > 0) process.stdout.write(`${messageTable(this.#messages, this.#width)}\n`);
    this.#messages = [];
  }

  #countTrouble(trouble: DecodeTrouble): void {
    const key = `${trouble.address} ${trouble.reason}`;
    const known = this.#troubles.get(key);
    if (known === undefined) this.#troubles.set(key, { count: 1, first: trouble });
    else known.count += 1;
  }

  end(inspector: Inspector): void {
    if (this.#options.json === true) return;
    this.#printFlows();
    if (this.#options.templates === true) return;
    this.#more('flow', 'records');
    this.#printMessages();
    this.#more('message', 'messages');
    this.#section('SNMP notifications', 'trap');
    this.#section('SNMPv3, encrypted or no notification', 'v3-header');
    this.#section('Templates', 'template');
    this.#section('Option data', 'option');
    this.#section('Counter samples', 'counters');
    const exporters = exporterTable(inspector.exporters(), this.#width);
    if (exporters !== '') process.stdout.write(`Exporters\n${exporters}\n`);
    this.#printTroubles();
    const messages = messageTotalsLine(inspector.messageTotals) + trapTotalsLine(inspector.trapTotals);
    if (inspector.totals.datagrams > 0 || messages === '') process.stdout.write(totalsLine(inspector.totals));
    process.stdout.write(messages);
  }

  #section(title: string, kind: Finding['kind']): void {
    const lines = this.#lines.get(title) ?? [];
    if (lines.length === 0) return;
    process.stdout.write(`${title}\n${lines.map((line) => `  ${line}`.slice(0, this.#width)).join('\n')}\n`);
    this.#more(kind, 'lines');
    process.stdout.write('\n');
  }

  #more(kind: Finding['kind'], what: string): void {
    const rest = (this.#counts.get(kind) ?? 0) - this.#limit;
    if (rest > 0) process.stdout.write(`and ${grouped(rest)} more ${what} (--limit 0 prints all)\n`);
  }

  #printTroubles(): void {
    if (this.#troubles.size === 0) return;
    process.stdout.write('Not decoded\n');
    for (const { count, first } of this.#troubles.values()) {
      const where = `${first.address}:${first.port}`;
      process.stdout.write(`  ${grouped(count)} × ${first.reason} from ${where}, first: ${first.detail}\n`);
      process.stdout.write(`    ${first.firstBytes}\n`);
    }
    process.stdout.write('\n');
  }
}
