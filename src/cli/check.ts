import type { Command } from 'commander';
import { ConfigError, describeFinding } from '../config/findings.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { messageOf } from '../runtime/errors.ts';
import { checkClaims } from './checks/claims.ts';
import { checkDatabase } from './checks/database.ts';
import { checkDisk } from './checks/disk.ts';
import { checkPair } from './checks/pair/check-pair.ts';
import { checkPorts } from './checks/ports.ts';
import { checkRedis } from './checks/redis.ts';
import { checkSecrets } from './checks/secrets.ts';
import { checkSenders } from './checks/senders.ts';
import { checkWorkers } from './checks/workers.ts';
import type { CheckResult } from './checks/check-result.ts';
import { configOption } from './options/config-option.ts';
import { EXIT } from './exit-codes.ts';
import { fetchStatus, statusUrl } from './status.ts';

interface CheckOptions {
  readonly config?: string;
  readonly pair?: true;
  readonly json?: true;
}

const HELP = `
Examples:
  dogwatch check                                 everything, with what to do about it
  dogwatch check --config new.yaml               before it is put into place
  dogwatch check --pair                          also what a pair needs, on each of its nodes; see docs/pair-setup.md
  dogwatch check --json | jq '.results[] | select(.state != "ok")'

Looked at: configuration, ports, receive buffer, workers and cores, certificates, SNMP credentials, disk space and rights, who uses
the journal, Redis (version, eviction, memory, persistence), database (version, rights, clock), allowed senders. Nothing is changed.
Exit code 1 when something fails; warnings alone exit with 0.`;

/** `dogwatch check`: configuration and machine, every finding at once. */
export function registerCheck(program: Command): void {
  program
    .command('check')
    .summary('check configuration and machine')
    .description('Looks at the configuration and at what the machine lacks for it, and says what to do.')
    .addOption(configOption())
    .option('--pair', 'also what a pair of nodes needs: addresses, link, peer, kernel')
    .option('--json', 'print the results as JSON')
    .addHelpText('after', HELP)
    .action(async (options: CheckOptions) => {
      const results = await checkAll(options.config, options.pair === true);
      const failed = results.some(({ state }) => state === 'fail');
      process.stdout.write(
        options.json === true ? `${JSON.stringify({ ok: !failed, results }, null, 2)}\n` : resultsText(results),
      );
      if (failed) process.exitCode = EXIT.failure;
    });
}

/** All results: of the configuration, and of the machine as far as the configuration is usable. */
export async function checkAll(file: string | undefined, withPair = false): Promise<CheckResult[]> {
  const { config, results } = readConfig(file);
  const node: CheckResult = { name: 'Node.js', state: 'ok', found: `${process.version} at ${process.execPath}` };
  if (config === undefined) return [...results, node];
  const running = await fetchStatus(statusUrl(config)).catch(() => undefined);
  const checks = [
    checkPorts,
    checkWorkers,
    checkSecrets,
    checkDisk,
    checkClaims,
    checkRedis,
    checkDatabase,
    checkSenders,
    ...(withPair ? [checkPair] : []),
  ];
  const found = await Promise.all(checks.map((check) => check({ config, running })));
  return [...results, node, ...found.flat()];
}

function readConfig(file: string | undefined): { config: Config | undefined; results: CheckResult[] } {
  const name = 'configuration';
  try {
    const { config, sources } = loadConfig({ file });
    return { config, results: [{ name, state: 'ok', found: sources.file ?? 'no file, defaults' }] };
  } catch (error) {
    if (!(error instanceof ConfigError))
      return { config: undefined, results: [{ name, state: 'fail', found: messageOf(error) }] };
    const results = error.findings.map((finding): CheckResult => ({
      name,
      state: 'fail',
      found: describeFinding(finding),
    }));
    return { config: error.usable, results };
  }
}

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' };

function resultsText(results: readonly CheckResult[]): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  const lines = results.flatMap(({ name, state, found, remedy }) => [
    `${MARKS[state]}  ${name.padEnd(width)}  ${found}`,
    ...(remedy?.split('\n').map((line) => `${' '.repeat(width + 8)}${line}`) ?? []),
  ]);
  const count = (state: CheckResult['state']) => results.filter((result) => result.state === state).length;
  return [...lines, '', `${count('fail')} failed, ${count('warn')} warnings, ${count('ok')} ok`, ''].join('\n');
}
