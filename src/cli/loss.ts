import { type Command, Option } from 'commander';
import { loadConfig } from '../config/load.ts';
import { withDatabase } from '../query/connect.ts';
import { askLosses, LOSS_FAMILIES, type LossFamily, type LossLine, type LossQuestion } from '../query/losses.ts';
import { parseTimeRange } from '../query/time-range.ts';
import { lossAdvice, lossTable, reasonsText } from './loss/loss-screen.ts';
import { configOption } from './options/config-option.ts';
import { addRangeOptions, collect } from './options/range-options.ts';
import { speaksUnicode } from './terminal/bars.ts';
import { csvLine } from './terminal/csv.ts';
import { outputWidth, writeOut } from './terminal/output.ts';

interface LossOptions {
  readonly last?: string;
  readonly from?: string;
  readonly to?: string;
  readonly exporter?: readonly string[];
  readonly family?: LossFamily;
  readonly by: 'sender' | 'minute';
  readonly config?: string;
  readonly json?: true;
  readonly csv?: true;
}

const HELP = `
Examples:
  dogwatch loss                                  the last 15 minutes, the worst sender first
  dogwatch loss --last 1h --exporter 192.0.2.7   one exporter
  dogwatch loss --last 1d --by minute --family flow
  dogwatch loss --last 1h --json | jq '.[] | select(.lost > 0)'
  dogwatch loss --last 1d --json | jq '.[] | select(.undecodable > 0) | {key, reasons}'

sent = arrived + lost, in the unit of the protocol's sequence numbers (flows of NetFlow v5, v7 and IPFIX, datagrams of v9 and
sFlow). rows = filtered + dropped + rejected + stored + waiting. Drops of the kernel are known by socket; what stands beside a
sender is its share, an estimate (~). Minutes are counted as stored some seconds after their end: until then rows wait.

Exit code 3 when the database does not answer.`;

/** `dogwatch loss`: what became of what was sent. */
export function registerLoss(program: Command): void {
  const command = program
    .command('loss')
    .summary('what was lost, where, and whose it was')
    .description(
      'Shows the loss ledger: what became of what each sender sent, from its own sequence numbers to the table.',
    );
  addRangeOptions(command)
    .addOption(
      new Option('--exporter <address>', 'exporter or device, an address or prefix; several times').argParser(collect),
    )
    .addOption(new Option('--family <family>', 'flow, syslog or snmp').choices(LOSS_FAMILIES))
    .addOption(new Option('--by <what>', 'a line for each').choices(['sender', 'minute']).default('sender'))
    .addOption(configOption())
    .addOption(new Option('--json', 'print a JSON array').conflicts('csv'))
    .option('--csv', 'print comma-separated values (RFC 4180)')
    .addHelpText('after', HELP)
    .action((options: LossOptions) => showLoss(options));
}

async function showLoss(options: LossOptions): Promise<void> {
  const question: LossQuestion = {
    range: parseTimeRange(options, new Date()),
    senders: options.exporter ?? [],
    family: options.family,
    by: options.by,
  };
  const { config } = loadConfig({ file: options.config });
  const lines = await withDatabase(config, 'dogwatch loss', (client) => askLosses(client, question));
  if (options.json === true) return writeOut(`${JSON.stringify(lines, null, 2)}\n`);
  if (options.csv === true) return writeOut(lossCsv(lines));
  const terminal = { width: outputWidth(), unicode: speaksUnicode(process.env) };
  return writeOut(lossTable(lines, question.by, terminal) + lossAdvice(lines, question.by));
}

function lossCsv(lines: readonly LossLine[]): string {
  const [first] = lines;
  if (first === undefined) return '';
  const fields = (line: LossLine): (string | null)[] =>
    Object.values(line).map((value: LossLine[keyof LossLine]) =>
      value === null ? null : typeof value === 'object' ? reasonsText(value) : String(value),
    );
  return csvLine(Object.keys(first)) + lines.map((line) => csvLine(fields(line))).join('');
}
