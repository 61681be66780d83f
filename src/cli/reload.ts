import { userInfo } from 'node:os';
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
Run it as root or as the account of the collector. In a pair, run it on the active node: what both nodes have alike is checked on the other
one first, and applied there as well; when that one is away it is given them later. The standby's own settings are reloaded there.
Exit code 2 when the file is wrong, 1 when it is refused, 3 when no collector runs here.`;

/** Successors of all processes, one after the other. */
export const RELOAD_PATIENCE_MS = 180_000;

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
      const outcome = await askCollector(config.stateDirectory, 'reload', { account: account() }, RELOAD_PATIENCE_MS);
      process.stdout.write(json === true ? `${JSON.stringify(outcome)}\n` : outcomeText(outcome));
    });
}

/** What a reload, or a rollback, did. */
export function outcomeText(outcome: unknown): string {
  const applied = linesOf(outcome, 'applied');
  const waiting = linesOf(outcome, 'waiting');
  const replaced = linesOf(outcome, 'replaced');
  const peer = peerLine(outcome);
  if (applied.length + waiting.length + peer.length === 0) return 'Nothing has changed.\n';
  return [
    ...(applied.length === 0 ? [] : ['In effect now:', ...applied.map((line) => `  ${line}`)]),
    ...(replaced.length === 0 ? [] : [`Successors were started: ${replaced.join(', ')}`]),
    ...(waiting.length === 0 ? [] : ['From the next start on:', ...waiting.map((line) => `  ${line}`)]),
    ...peer,
    '',
  ].join('\n');
}

/** Whoever runs the command, as far as it is known. */
export function account(): string {
  const { SUDO_USER, LOGNAME } = process.env;
  return SUDO_USER ?? LOGNAME ?? userInfo().username;
}

function peerLine(outcome: unknown): string[] {
  const peer: unknown = typeof outcome === 'object' && outcome !== null ? Reflect.get(outcome, 'peer') : undefined;
  if (typeof peer !== 'object' || peer === null || !('node' in peer) || !('state' in peer)) return [];
  const node = String(peer.node);
  return [
    peer.state === 'away' ? `${node} is away: it is given them when it is back.` : `In effect on ${node} as well.`,
  ];
}

function linesOf(outcome: unknown, name: string): string[] {
  const list: unknown = typeof outcome === 'object' && outcome !== null ? Reflect.get(outcome, name) : undefined;
  return Array.isArray(list) ? list.map(String) : [];
}
