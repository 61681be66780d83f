import { InvalidArgumentError, Option, type Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { withDatabase } from '../query/connect.ts';
import { FLOW_COLUMN_NAMES, flowColumns, SHOWN_COLUMNS, STORED_COLUMNS } from '../query/flows/flow-columns.ts';
import { FILTER_FIELDS } from '../query/flows/flow-filter.ts';
import {
  FLOW_ORDERS,
  searchFlows,
  searchFlowsAsJson,
  selectFlows,
  type FlowOrder,
  type FlowSearch,
} from '../query/flows/search-flows.ts';
import { parseTimeRange } from '../query/time-range.ts';
import type { DatabaseClient } from '../../storage/database/database.ts';
import { configOption } from './options/config-option.ts';
import { parseWholeNumber } from './options/quantity-options.ts';
import { addRangeOptions, collect } from './options/range-options.ts';
import { speaksUnicode } from './terminal/bars.ts';
import { csvLine } from './terminal/csv.ts';
import { flowCell, flowTableColumn } from './terminal/flow-cells.ts';
import { outputWidth, terminalSafeJson, writeOut } from './terminal/output.ts';
import { Table } from './terminal/table.ts';
import { rangeText } from './terminal/top-screen.ts';

interface FlowsOptions {
  readonly config?: string;
  readonly last?: string;
  readonly from?: string;
  readonly to?: string;
  readonly order: FlowOrder;
  readonly limit: number;
  readonly columns?: readonly string[];
  readonly json?: true;
  readonly csv?: true;
}

const HELP = `
Examples:
  dogwatch flows                                              the newest of the last 15 minutes
  dogwatch flows --host 192.0.2.7 --port 443 --last 2h        of one host, either direction
  dogwatch flows --host 192.0.2.7 --host 198.51.100.9         between two hosts
  dogwatch flows --protocol tcp --tcp-flags S/SA --dst-port 22,23 --order oldest
  dogwatch flows --in-if Gi0/1 --min-bytes 10MB --order bytes
  dogwatch flows --extra natEvent=1 --columns received_at,source,destination,extra
  dogwatch flows --last 24h --limit all --order none --csv >flows.csv

A list with commas means any of its values; options, and one option given twice, must all hold. "none" means that the
exporter did not say. Bytes and packets are as exported; scaled_bytes and scaled_packets have sampling applied.
--json prints an object a line, with whatever the exporter said; --csv a line of names first, and times in UTC.
Other questions are for SQL: the first screen of "dogwatch run" has the line for psql, docs/queries.md has examples.

Columns: ${wrapped(FLOW_COLUMN_NAMES)}

Exit code 3 when the database does not answer.`;

/** `dogwatch flows`: searches the flows as they were exported. */
export function registerFlows(program: Command): void {
  const command = program
    .command('flows')
    .summary('search flows by any field')
    .description('Searches the flows as they were exported, by any field.');
  addRangeOptions(command);
  const filters = FILTER_FIELDS.map((field) => ({
    field,
    option: new Option(`--${field.name} <${field.value}>`, field.summary).argParser(collect),
  }));
  for (const { option } of filters) command.addOption(option);
  command
    .addOption(new Option('--order <order>', 'what comes first').choices(FLOW_ORDERS).default('newest'))
    .addOption(new Option('-n, --limit <n>', 'how many at most, or all').argParser(parseLimit).default(100))
    .addOption(
      new Option('--columns <list>', 'what is shown').argParser((text) => text.split(',').map((name) => name.trim())),
    )
    .addOption(configOption())
    .addOption(new Option('--json', 'print a JSON object a line').conflicts('csv'))
    .option('--csv', 'print comma-separated values (RFC 4180)')
    .addHelpText('after', HELP)
    .action((options: FlowsOptions & Readonly<Record<string, unknown>>) => {
      const asked = filters.map(({ field, option }) => [field.name, textsOf(options[option.attributeName()])] as const);
      return showFlows(options, new Map(asked));
    });
}

async function showFlows(options: FlowsOptions, filters: FlowSearch['filters']): Promise<void> {
  const forScripts = options.json === true || options.csv === true;
  const search: FlowSearch = {
    range: parseTimeRange(options, new Date()),
    filters,
    columns: flowColumns(options.columns ?? (forScripts ? STORED_COLUMNS : SHOWN_COLUMNS)),
    order: options.order,
    limit: options.limit,
  };
  // What is written wrong is said before the database is asked.
  selectFlows(search, '');
  const { config } = loadConfig({ file: options.config });
  const write = options.json === true ? writeJson : options.csv === true ? writeCsv : writeTable;
  await withDatabase(config, 'dogwatch flows', (client) => write(client, search));
}

async function writeJson(client: DatabaseClient, search: FlowSearch): Promise<void> {
  for await (const lines of searchFlowsAsJson(client, search))
    await writeOut(terminalSafeJson(`${lines.join('\n')}\n`));
}

async function writeCsv(client: DatabaseClient, search: FlowSearch): Promise<void> {
  await writeOut(csvLine(search.columns.map(({ name }) => name)));
  for await (const rows of searchFlows(client, search)) await writeOut(rows.map(csvLine).join(''));
}

async function writeTable(client: DatabaseClient, search: FlowSearch): Promise<void> {
  const table = new Table(search.columns.map(flowTableColumn), {
    width: outputWidth(),
    unicode: speaksUnicode(process.env),
  });
  let count = 0;
  for await (const found of searchFlows(client, search)) {
    const rows = found.map((row) => row.map((text, index) => flowCell(search.columns[index], text)));
    await writeOut((count === 0 ? table.head(rows) : '') + table.body(rows));
    count += rows.length;
  }
  // Not among the rows: a script that reads the table should not find it.
  process.stderr.write(summary(search, count));
}

function summary({ range, limit }: FlowSearch, count: number): string {
  const when = rangeText(range);
  if (count === 0) return `No such flows ${when}.\n`;
  const more = count === limit ? '; there may be more (--limit)' : '';
  return `\n${count} ${count === 1 ? 'flow' : 'flows'} ${when}${more}.\n`;
}

function parseLimit(text: string): number {
  if (text === 'all') return Infinity;
  try {
    return parseWholeNumber(1, 1_000_000_000)(text);
  } catch {
    throw new InvalidArgumentError('It must be a whole number from 1, or all.');
  }
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
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
