import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { askCollector } from '../control/control-client.ts';
import { DogwatchError } from '../runtime/errors.ts';
import { configOption } from './options/config-option.ts';

interface SwitchoverOptions {
  readonly config?: string;
  readonly to?: string;
  readonly force?: true;
  readonly json?: true;
}

const HELP = `
Examples:
  dogwatch switchover                            the other node becomes active
  dogwatch switchover --to dw-b                  dw-b does, unless it is already
  dogwatch switchover --force                    also where the other node says that it is not ready

Run it on either node, as root or as the account of the collector. No datagram is lost: both nodes have the virtual IP for a
moment, and what reaches the old one is kept. When the other node is not ready, nothing happens, and it is said why.
Exit code 1 when it is refused, 3 when no collector runs here.`;

/** More than a switchover may take. */
const PATIENCE_MS = 30_000;

/** `dogwatch switchover`: moves the role to the other node, as planned. */
export function registerSwitchover(program: Command): void {
  program
    .command('switchover')
    .summary('make the other node of the pair the active one')
    .description('Moves the virtual IP and the role to the other node without losing a datagram.')
    .addOption(configOption())
    .option('--to <node>', 'which node is to be active afterwards (default: the one that is not)')
    .option('--force', 'also to a node that says it is not ready')
    .option('--json', 'print the outcome as JSON')
    .addHelpText('after', HELP)
    .action(async ({ config: file, to, force, json }: SwitchoverOptions) => {
      const { config } = loadConfig({ file });
      if (config.ha === undefined) {
        throw new DogwatchError('NO_PAIR', 'this node belongs to no pair: the configuration has no ha', {
          remedy: 'see dogwatch init pair --help',
        });
      }
      const body = { to, force: force === true };
      const outcome = await askCollector(config.stateDirectory, 'switchover', body, PATIENCE_MS);
      process.stdout.write(json === true ? `${JSON.stringify(outcome)}\n` : `${summaryOf(outcome)}\n`);
    });
}

function summaryOf(outcome: unknown): string {
  return typeof outcome === 'object' && outcome !== null && 'summary' in outcome ? String(outcome.summary) : 'done';
}
