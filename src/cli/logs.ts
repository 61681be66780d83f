import type { Command } from 'commander';
import { LOG_COLUMN_NAMES } from '../query/logs/log-columns.ts';
import type { RecordFilters } from '../query/records/search-records.ts';
import { MESSAGES } from '../query/logs/search-logs.ts';
import { logWriter } from './logs/log-writers.ts';
import { addLogsOptions, type LogsOptions } from './logs/logs-options.ts';
import { lineStyle } from './records/line-style.ts';
import { recordRange } from './records/record-options.ts';
import { showRecords } from './records/show-records.ts';

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

async function showLogs(options: LogsOptions, filters: RecordFilters): Promise<void> {
  const range = recordRange(options, new Date());
  const writer = logWriter(options, lineStyle(range, options.wide === true), process.stdout.isTTY);
  const nouns = ['message', 'messages'] as const;
  await showRecords(options, { table: MESSAGES, filters, range, writer, nouns, command: 'dogwatch logs' });
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
