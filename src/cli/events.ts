import { type Command, Option } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { EVENT_KINDS } from '../config/schema/notify.ts';
import { withDatabase } from '../query/connect.ts';
import { askEvents, type EventLine } from '../query/events.ts';
import { parseTimeRange, type TimeRange } from '../query/time-range.ts';
import { systemClock } from '../runtime/clock.ts';
import { EXIT } from './exit-codes.ts';
import { configOption } from './options/config-option.ts';
import { addRangeOptions } from './options/range-options.ts';
import { onStopSignals } from './run/stop-signals.ts';
import { writeOut } from './terminal/output.ts';
import { visibleText } from './terminal/visible-text.ts';

interface EventsOptions {
  readonly last?: string;
  readonly from?: string;
  readonly to?: string;
  readonly kind?: readonly string[];
  readonly config?: string;
  readonly follow?: true;
  readonly json?: true;
}

const HELP = `
Examples:
  dogwatch events                                the last 24 hours
  dogwatch events --last 7d --kind takeover gap
  dogwatch events --follow                       what happens, as it happens
  dogwatch events --json | jq 'select(.kind == "alarm")'

Events of all nodes that share the database, the oldest first; with --json an object a line. docs/notifications.md says what
the kinds are. Exit code 3 when the database does not answer.`;

const DEFAULT_LAST = '24h';
const FOLLOW_MS = 1000;
/** Clocks of nodes may be ahead. */
const AHEAD_MS = 3_600_000;

/** `dogwatch events`: what happened to the nodes. */
export function registerEvents(program: Command): void {
  const command = program
    .command('events')
    .summary('takeovers, alarms and what else happened')
    .description('Lists what happened to the nodes: takeovers, switchovers, votes, readiness, gaps, alarms.');
  addRangeOptions(command, DEFAULT_LAST)
    .addOption(new Option('--kind <kinds...>', 'only these').choices(EVENT_KINDS))
    .addOption(configOption())
    .addOption(new Option('--follow', 'go on until Ctrl-C').conflicts('to'))
    .option('--json', 'print a JSON object a line')
    .addHelpText('after', HELP)
    .action((options: EventsOptions) => showEvents(options));
}

async function showEvents(options: EventsOptions): Promise<void> {
  const { from, last = from === undefined ? DEFAULT_LAST : undefined, kind: kinds = [] } = options;
  const { from: begin, to: end } = parseTimeRange({ from, to: options.to, last }, new Date());
  const range = { from: begin, to: options.to === undefined ? new Date(end.getTime() + AHEAD_MS) : end };
  const { config } = loadConfig({ file: options.config });
  const textOf = options.json === true ? (line: EventLine) => `${JSON.stringify(line)}\n` : eventText;
  const ask = (afterId: number) =>
    withDatabase(config, 'dogwatch events', (client) => askEvents(client, { range, kinds, afterId }));
  const lines = await ask(0);
  await writeOut(lines.map(textOf).join(''));
  if (lines.length === 0) process.stderr.write(`Nothing happened since ${begin.toISOString()}.\n`);
  if (options.follow === true)
    await follow(config, { ...range, to: new Date(8.64e15) }, kinds, lines.at(-1)?.id ?? 0, textOf);
}

/** A question a second: events are few. */
async function follow(
  config: Config,
  range: TimeRange,
  kinds: readonly string[],
  lastId: number,
  textOf: (line: EventLine) => string,
): Promise<void> {
  const stopping = new AbortController();
  const restore = onStopSignals(
    () => stopping.abort(),
    () => process.exit(EXIT.interrupted),
  );
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  try {
    for (let afterId = lastId; !stopping.signal.aborted;) {
      await Promise.race([stopped, new Promise<void>((resolve) => void systemClock.after(FOLLOW_MS, resolve))]);
      if (stopping.signal.aborted) return;
      const question = { range, kinds, afterId };
      const news = await withDatabase(config, 'dogwatch events', (client) => askEvents(client, question));
      await writeOut(news.map(textOf).join(''));
      afterId = news.at(-1)?.id ?? afterId;
    }
  } finally {
    restore();
  }
}

function eventText({ at, node, kind, summary }: EventLine): string {
  return `${at}  ${node}  ${kind}: ${visibleText(summary)}\n`;
}
