import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { Conditions } from '../query/conditions.ts';
import { withDatabase } from '../query/connect.ts';
import { LOG_COLUMN_NAMES } from '../query/log-columns.ts';
import { type LogFilters, type LogSearch, requireFilters, searchLogs } from '../query/search-logs.ts';
import type { TimeRange } from '../query/time-range.ts';
import { followToOutput } from './logs/follow.ts';
import { logWriter, type LogWriter } from './logs/log-writers.ts';
import { addLogsOptions, logRange, type LogsOptions } from './logs/logs-options.ts';
import type { LineStyle } from './logs/message-line.ts';
import { speaksUnicode } from './terminal/bars.ts';
import { speaksColour } from './terminal/colour.ts';
import { outputWidth, writeOut } from './terminal/output.ts';
import { rangeText } from './terminal/top-screen.ts';
import { localTimeText } from './terminal/units.ts';
import type { DatabaseClient } from '../../storage/database/database.ts';

const DEFAULT_LIMIT = 100;
const DEFAULT_BACKLOG = 10;
const DEFAULT_RATE = 500;

const HELP = `
Examples:
  dogwatch logs                                            the newest 100 of the last 15 minutes
  dogwatch logs --follow --severity warning+               what comes, warnings and worse
  dogwatch logs --device 192.0.2.1 --last 2h               of one device; also a prefix or a host name
  dogwatch logs --match "Gi0/1" --match down --last 1d     both in the text, in upper or lower case
  dogwatch logs --around "14:30" --span 2m --device core-* just before and after
  dogwatch logs --mnemonic "LINK-*,OSPF-5-ADJCHG" --order oldest --last 6h
  dogwatch logs --field srcip=10.1.2.3 --app fw* --json | jq .fields
  dogwatch logs --unparsed --columns received_at,device,reason,message
  dogwatch logs --last 24h --severity err+ --limit all --csv >errors.csv

A list with commas means any of its values; options, and one option given twice, must all hold. * stands for anything. "none"
means that the message did not say. Severities: emerg alert crit err warning notice info debug, or 0 to 7.
On a screen a line is cut at its width (--wide: it is not), and characters that a terminal would obey are written as
escapes. Colours are for terminals; NO_COLOR=1 turns them off.
Text, device, host, program, mnemonic and facility, and severities from err up, are found by indexes in all hours but the
last; docs/syslog-search.md says more.

Columns: ${wrapped(LOG_COLUMN_NAMES)}

Exit code 3 when the database does not answer.`;

/** `dogwatch logs`: searches the messages of syslog, and follows them. */
export function registerLogs(program: Command): void {
  const command = program
    .command('logs')
    .summary('search and follow syslog messages')
    .description('Searches syslog messages by any field, and follows those that come.');
  const filtersOf = addLogsOptions(command);
  command
    .addHelpText('after', HELP)
    .action((options: LogsOptions & Readonly<Record<string, unknown>>) => showLogs(options, filtersOf(options)));
}

async function showLogs(options: LogsOptions, filters: LogFilters): Promise<void> {
  const range = logRange(options, new Date());
  const isTerminal = process.stdout.isTTY;
  const writer = logWriter(options, lineStyle(options, range), isTerminal);
  const search: LogSearch = {
    range,
    filters,
    columns: writer.columns,
    order: options.order ?? 'last',
    limit: options.limit ?? (options.follow === true ? DEFAULT_BACKLOG : DEFAULT_LIMIT),
  };
  // What is written wrong is said before the database is asked.
  requireFilters(new Conditions(), filters);
  const { config } = loadConfig({ file: options.config });
  const noticesInside = isTerminal && options.json !== true;
  const perSecond = options.rate ?? DEFAULT_RATE;
  await withDatabase(config, 'dogwatch logs', (client) =>
    options.follow === true
      ? followToOutput(client, search, writer, { perSecond, noticesInside })
      : writeFound(client, search, writer),
  );
}

async function writeFound(client: DatabaseClient, search: LogSearch, writer: LogWriter): Promise<void> {
  if (writer.head !== '') await writeOut(writer.head);
  let count = 0;
  for await (const rows of searchLogs(client, search)) {
    await writeOut(writer.text(rows));
    count += rows.length;
  }
  // Not among the messages: a script that reads them should not find it.
  process.stderr.write(summary(search, count));
}

function summary({ range, limit }: LogSearch, count: number): string {
  const when = rangeText(range);
  if (count === 0) return `No such messages ${when}.\n`;
  const more = count === limit ? '; there may be more (--limit)' : '';
  return `\n${count} ${count === 1 ? 'message' : 'messages'} ${when}${more}.\n`;
}

function lineStyle({ wide }: LogsOptions, { from, to }: TimeRange): LineStyle {
  const dayOf = (moment: Date) => localTimeText(moment).slice(0, 10);
  const today = dayOf(new Date());
  return {
    colour: speaksColour(process.stdout, process.env),
    unicode: speaksUnicode(process.env),
    width: wide === true ? Infinity : outputWidth(),
    day: dayOf(from) !== today || dayOf(to) !== today,
  };
}

function wrapped(names: readonly string[]): string {
  const lines = [''];
  for (const name of names) {
    const line = lines.at(-1) ?? '';
    if (line.length + name.length > 100) lines.push(name);
    else lines[lines.length - 1] = line === '' ? name : `${line}, ${name}`;
  }
  return lines.join(',\n  ');
}
