import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { askCollector } from '../control/control-client.ts';
import { configOption } from './options/config-option.ts';

const HELP = `
Examples:
  dogwatch reload                                the running collector takes its file anew, and says what changed
  dogwatch reload --json | jq .waiting           what waits for the next start

The file is checked first, here and by the collector: when anything is wrong, the former settings stay. Processes that read a changed
setting are replaced one after the other; the sockets stay open meanwhile, so that nothing is lost. SIGHUP does the same.
Run it as root or as the account of the collector; in a pair, on both nodes.
Exit code 2 when the file is wrong, 1 when it is refused, 3 when no collector runs here.`;

/** Successors of all processes, one after the other. */
const PATIENCE_MS = 180_000;

/** `dogwatch reload`: changed settings, without a restart. */
export function registerReload(program: Command): void {
  program
    .command('reload')
    .summary('let the running collector take its settings anew')
    .description('Lets the running collector load its configuration again, without losing a datagram.')
    .addOption(configOption())
    .option('--json', 'print the outcome as JSON')
    .addHelpText('after', HELP)
    .action(async ({ config: file, json }: { readonly config?: string; readonly json?: true }) => {
      const { config } = loadConfig({ file });
      const outcome = await askCollector(config.stateDirectory, 'reload', {}, PATIENCE_MS);
      process.stdout.write(json === true ? `${JSON.stringify(outcome)}\n` : outcomeText(outcome));
    });
}

function outcomeText(outcome: unknown): string {
  const applied = linesOf(outcome, 'applied');
  const waiting = linesOf(outcome, 'waiting');
  const replaced = linesOf(outcome, 'replaced');
  if (applied.length + waiting.length === 0) return 'Nothing has changed.\n';
  return [
    ...(applied.length === 0 ? [] : ['In effect now:', ...applied.map((line) => `  ${line}`)]),
    ...(replaced.length === 0 ? [] : [`Successors were started: ${replaced.join(', ')}`]),
    ...(waiting.length === 0 ? [] : ['From the next start on:', ...waiting.map((line) => `  ${line}`)]),
    '',
  ].join('\n');
}

function linesOf(outcome: unknown, name: string): string[] {
  const list: unknown = typeof outcome === 'object' && outcome !== null ? Reflect.get(outcome, name) : undefined;
  return Array.isArray(list) ? list.map(String) : [];
}
