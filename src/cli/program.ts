import { Command, Option } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { registerCheck } from './check.ts';
import { registerCompletion } from './completion.ts';
import { registerConfig } from './config/config.ts';
import { registerEvents } from './events.ts';
import { EXIT, EXIT_CODES_HELP } from './exit-codes.ts';
import { registerFlows } from './flows.ts';
import { registerInit } from './init.ts';
import { registerInspect } from './inspect.ts';
import { registerJoin } from './join.ts';
import { registerLogs } from './logs.ts';
import { registerLoss } from './loss.ts';
import { registerMibs } from './mibs.ts';
import { registerMigrate } from './migrate.ts';
import { registerReload } from './reload.ts';
import { registerNotify } from './notify.ts';
import { registerReplay } from './replay.ts';
import { errorText, exitCodeOf } from './report-error.ts';
import { registerRun } from './run.ts';
import { registerSend } from './send.ts';
import { registerStatus } from './status.ts';
import { registerSwitchover } from './switchover.ts';
import { registerTop } from './top.ts';
import { registerTraps } from './traps.ts';

const DEBUG = '--debug';

const OVERVIEW = `
First steps:
  dogwatch run                                   collect, with a PostgreSQL of its own
  dogwatch check                                 what this machine still lacks
  dogwatch send flows --duration 10s             made-up flows, to see it work
  dogwatch status                                how a running collector fares
  dogwatch top talkers                           who has the most traffic
  dogwatch logs --follow                         what devices say
  dogwatch traps --follow                        what they report by SNMP
  dogwatch loss --last 1h                        what was lost, where, and whose it was

Settings: one YAML file (dogwatch.yaml here, or /etc/dogwatch/dogwatch.yaml, or --config); everything is optional.
Each setting has an environment variable too: batch.age is DOGWATCH_BATCH__AGE.

${EXIT_CODES_HELP}`;

/** In the order of the help. */
const COMMANDS = [
  registerRun,
  registerStatus,
  registerTop,
  registerFlows,
  registerLogs,
  registerTraps,
  registerLoss,
  registerEvents,
  registerNotify,
  registerSwitchover,
  registerReload,
  registerInit,
  registerJoin,
  registerCheck,
  registerConfig,
  registerMibs,
  registerMigrate,
  registerSend,
  registerReplay,
  registerInspect,
  registerCompletion,
];

/** The whole command tree; nothing is parsed or run yet. */
export function createProgram(): Command {
  const program = new Command('dogwatch')
    .description('Collects flows, syslog and SNMP traps, and writes them to PostgreSQL.')
    .version(manifest.version, '-V, --version', 'print the version')
    .addOption(debugOption())
    // Behind a command's name `--version` may be the command's own: that of a protocol.
    .enablePositionalOptions()
    .helpOption('-h, --help', 'explain a command')
    .helpCommand('help [command]', 'explain a command')
    .addHelpText('after', OVERVIEW)
    .showHelpAfterError('(add --help for an explanation)')
    .exitOverride();
  for (const register of COMMANDS) register(program);
  for (const command of allBelow(program)) command.addOption(debugOption().hideHelp());
  return program;
}

/** Also understood behind the name of a command. */
function debugOption(): Option {
  return new Option(DEBUG, 'show where in the program an error arose');
}

/** All commands; a group may be asked for something by itself. */
function allBelow(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...allBelow(child)]);
}

/**
 * Runs the command that `argv` (as `process.argv`) asks for. Never throws: what goes wrong is reported on standard error.
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
  const program = createProgram();
  // `dogwatch … | head` closes our standard output: that is no trouble, and nothing is left to say.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
  // A command may wait for nothing but timers that do not keep the process alive (those of the clock are of that kind).
  const alive = setInterval(() => {}, 60_000);
  try {
    await program.parseAsync(argv);
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok;
  } catch (error) {
    const code = exitCodeOf(error);
    if (!isCommanders(error)) process.stderr.write(errorText(error, argv.includes(DEBUG)));
    return code;
  } finally {
    clearInterval(alive);
  }
}

/** Commander writes its own errors, and its help, before it throws. */
function isCommanders(error: unknown): boolean {
  return error instanceof Error && error.name === 'CommanderError';
}
