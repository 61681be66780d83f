import type { Command } from 'commander';
import { type LoadedConfig, loadConfig, thisMachine } from '../config/load.ts';

import { createLog } from '../runtime/log.ts';
import { configOption } from './options/config-option.ts';
import { runCollector } from './run/run-collector.ts';
import { chooseScreen } from './run/run-screen.ts';
import { statusUrl } from './status.ts';

interface RunOptions {
  readonly config?: string;
  readonly json?: true;
}

const HELP = `
Examples:
  dogwatch run                                   flows on UDP 2055, 4739 and 6343, into a PostgreSQL of its own
  dogwatch run --config dogwatch.yaml
  DOGWATCH_DATABASE__URL=postgresql://dogwatch@db/dogwatch dogwatch run
  dogwatch run --json | jq .rates                a JSON line every 10 s, for a script

Standard output tells how it fares, standard error carries the log. Ctrl-C (or SIGTERM) writes what was accepted and
stops within 10 s; what the database does not take by then waits in the journal for the next start. A second Ctrl-C
ends at once, with exit code 130.`;

/** `dogwatch run`: the collector, until a signal. */
export function registerRun(program: Command): void {
  program
    .command('run')
    .summary('collect, until Ctrl-C')
    .description('Starts the collector: listens, decodes, writes to PostgreSQL, and shows how it fares.')
    .addOption(configOption())
    .option('--json', 'print JSON lines instead of text')
    .addHelpText('after', HELP)
    .action(async (options: RunOptions) => {
      // As it is now: what the defaults take from this machine is other when root is given up.
      const machine = thisMachine(process.env);
      const { config, sources } = loadConfig({ file: options.config, machine });
      const reload = (text?: string): LoadedConfig => loadConfig({ file: sources.file, machine, text });
      const screen = chooseScreen(
        { out: process.stdout, err: process.stderr },
        options.json === true,
        statusUrl(config),
      );
      const log = createLog(config.log.level, (line) => screen.log(line));
      // Loaded when needed: the other commands start without the decoders and the writer.
      const { buildCollector } = await import('../main.ts');
      const say = (text: string): void => {
        for (const line of text.trimEnd().split('\n')) screen.log(`${line}\n`);
      };
      process.exitCode = await runCollector(buildCollector(config, log, say, reload), screen);
      leaveSoon();
    });
}

/** Ends the process even if something that was stopped keeps a handle open. */
function leaveSoon(): void {
  setTimeout(() => process.exit(), 500).unref();
}
