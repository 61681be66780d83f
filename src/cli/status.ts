import type { Command } from 'commander';
import type { CollectorStatus } from '../console/status.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { configOption } from './options/config-option.ts';
import { statusScreen } from './terminal/status-screen.ts';

interface StatusOptions {
  readonly config?: string;
  readonly url?: string;
  readonly json?: true;
}

const HELP = `
Examples:
  dogwatch status                                the collector of this configuration
  dogwatch status --url http://10.0.0.5:8055     one elsewhere
  dogwatch status --json | jq .journal           for a script
  watch -n1 dogwatch status                      again and again

Exit code 3 when nothing answers, 1 when the collector is not ready.`;

const PATIENCE_MS = 3000;

/** `dogwatch status`: what a running collector says of itself. */
export function registerStatus(program: Command): void {
  program
    .command('status')
    .summary('show how a running collector fares')
    .description('Asks a running collector for its listeners, totals, losses, journal and database.')
    .addOption(configOption())
    .option('--url <url>', 'HTTP address of the collector (default: http.address and http.port of the configuration)')
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', HELP)
    .action(async (options: StatusOptions) => {
      const status = await fetchStatus(options.url ?? statusUrl(loadConfig({ file: options.config }).config));
      process.stdout.write(options.json === true ? `${JSON.stringify(status, null, 2)}\n` : statusScreen(status));
      if (!status.ready) process.exitCode = 1;
    });
}

/** Where a collector with this configuration answers. */
export function statusUrl({ http }: Config): string {
  const wildcard: Readonly<Record<string, string>> = { '::': '127.0.0.1', '0.0.0.0': '127.0.0.1' };
  const host = wildcard[http.address] ?? http.address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
}

/**
 * The status of the collector that answers at `url`.
 * @throws DogwatchError `NOT_RUNNING` when nothing answers, or something that is no collector; `USAGE` when it is no URL
 */
export async function fetchStatus(url: string): Promise<CollectorStatus> {
  if (!URL.canParse('/api/status', url)) {
    throw new DogwatchError('USAGE', `not a URL: ${url}`, { remedy: 'Write it as in http://127.0.0.1:8055' });
  }
  const target = new URL('/api/status', url);
  try {
    const response = await fetch(target, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const body: unknown = await response.json();
    if (isStatus(body)) return body;
  } catch (error) {
    throw new DogwatchError('NOT_RUNNING', `no collector answers at ${target.origin}: ${messageOf(error)}`, {
      remedy: 'Start one with "dogwatch run", or name another address with --url.',
    });
  }
  throw new DogwatchError('NOT_RUNNING', `something else than a collector answers at ${target.origin}`, {
    remedy: 'Name the address of the collector with --url, or set http.port.',
  });
}

/** Whether an answer has the parts that are shown; a collector of another version may have more. */
function isStatus(body: unknown): body is CollectorStatus {
  const parts = ['listeners', 'flow', 'journal', 'writer', 'database', 'startedAt'];
  return typeof body === 'object' && body !== null && parts.every((part) => Object.hasOwn(body, part));
}
