import { InvalidArgumentError, Option, type Command } from 'commander';
import { AUTH_PROTOCOLS, PRIVACY_PROTOCOLS } from '../../../collectors/snmp/usm/crypto/protocols.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import { defaultTrapPort } from '../../traffic/snmp/default-port.ts';
import { TRAP_KIND_NAMES } from '../../traffic/snmp/notification/trap-kinds.ts';
import { sendTraps, type TrapSendOptions, type TrapSendReport } from '../../traffic/snmp/send-traps.ts';
import { createTrapLoad, type TrapLoad } from '../../traffic/snmp/trap-load.ts';
import { resolveTarget, SOURCE_KINDS, type SourceKind } from '../../traffic/udp-target.ts';
import { errorLines } from '../capture/send-errors.ts';
import { EXIT } from '../exit-codes.ts';
import { number, parseDurationOption, parseRate } from '../options/quantity-options.ts';
import { onStopSignals } from '../run/stop-signals.ts';
import { compact } from '../terminal/figures.ts';
import { ProgressBar } from '../terminal/progress-bar.ts';
import { AUTH_PASSWORD_VARIABLE, PRIV_PASSWORD_VARIABLE, trapUser, type TrapUserOptions } from './trap-user.ts';
import { trapsReportText } from './traps-report.ts';

interface SendTrapsOptions extends TrapUserOptions {
  readonly to: string;
  readonly version: '1' | '2c' | '3';
  readonly inform?: true;
  readonly trap: string;
  readonly count?: number;
  readonly rate: number;
  readonly duration: number;
  readonly devices?: number;
  readonly connections?: number;
  readonly source: SourceKind;
  readonly seed: number;
  readonly community: string;
  readonly retries: number;
  readonly timeout: number;
  readonly json?: true;
}

const DEFAULT_DEVICES = 20;
const LEVELS = ['noAuthNoPriv', 'authNoPriv', 'authPriv'] as const;

const HELP = `
Examples:
  dogwatch send traps                                         10 s, 100 traps a second of all kinds: do they arrive?
  dogwatch send traps --trap linkDown --count 1               a single one
  dogwatch send traps --inform --count 10                     says how many the receiver acknowledged
  dogwatch send traps --trap 1.3.6.1.4.1.9.9.43.2.0.1 --to 192.0.2.10:162 --community lab
  dogwatch send traps --version 3 --user ops --auth SHA-256 --auth-password-file auth.txt --priv AES --priv-password-file priv.txt
  dogwatch send traps --rate max --devices 50 --source loopback-range   how much does a collector take?

Port unless --to names one: ${defaultTrapPort(true)} (${defaultTrapPort(false)} for an ordinary user).

Traps: ${TRAP_KIND_NAMES.slice(0, 7).join(', ')},
  ${TRAP_KIND_NAMES.slice(7).join(', ')},
  mix for each in turn, or any OID, which is then sent without objects.

Notifications are made up; the same seed gives the same ones. Each ends with a varbind 1.3.6.1.4.1.32473.1.1.0 that holds its number,
counted through over all devices from 0, so that it can be told which arrived. Each device has a source port of its own (with
--source loopback-range also an address, 127.1.0.1 and up) unless --connections says less, and sends SNMPv3 traps from an
engine of its own; informs use the receiver's, which is asked for it first.

Pass phrases come from files or from ${AUTH_PASSWORD_VARIABLE} and ${PRIV_PASSWORD_VARIABLE} in the environment. AES-192-C and AES-256-C lengthen keys as
Cisco and others do. Exit code 1 when something could not be sent, or an inform was not acknowledged.`;

/** `dogwatch send traps`: the load generator, and a tool to try a receiver with. */
export function registerSendTraps(send: Command): void {
  const command = send
    .command('traps')
    .summary('send made-up SNMP traps or informs to a collector')
    .description('Sends made-up SNMP notifications of any version at an even pace.')
    .option('--to <host[:port]>', 'collector', '127.0.0.1')
    .addOption(new Option('--version <version>', 'SNMP version').choices(['1', '2c', '3']).default('2c'))
    .option('--inform', 'send informs, which are acknowledged, instead of traps')
    .addOption(new Option('--trap <name>', 'which one: a name, an OID, or mix (below)').default('mix'))
    .addOption(number('--count <n>', 'end after so many', 1, 1_000_000_000))
    .addOption(new Option('--rate <n>', 'traps a second, or max').argParser(parseRate).default(100, '100'))
    .addOption(
      new Option('--duration <time>', 'how long to send').argParser(parseDurationOption).default(10_000, '10s'),
    )
    .addOption(number('--devices <n>', 'devices to play (default: 20; of a single trap 1)', 1, 65_535))
    .addOption(number('--connections <n>', 'sockets for all devices (default: one a device)', 1, 65_535))
    .addOption(new Option('--source <kind>', 'how devices differ').choices(SOURCE_KINDS).default('ports'))
    .addOption(number('--seed <n>', 'another seed, other notifications', 0, 0x7f_ff_ff_ff, 1));
  addSecurityOptions(command);
  command
    .addOption(number('--retries <n>', 'informs: how often one is sent again', 0, 100, 3))
    .addOption(
      new Option('--timeout <time>', 'informs: how long to wait for an answer')
        .argParser(parseDurationOption)
        .default(1000, '1s'),
    )
    .option('--json', 'report as JSON')
    .addHelpText('after', HELP)
    .action(run);
}

function addSecurityOptions(command: Command): void {
  command
    .option('--community <name>', 'versions 1 and 2c', 'public')
    .option('--user <name>', 'version 3')
    .addOption(new Option('--level <level>', 'version 3 (default: what there are protocols for)').choices(LEVELS))
    .addOption(new Option('--auth <protocol>', 'version 3').choices(AUTH_PROTOCOLS))
    .option('--auth-password-file <file>', 'its pass phrase')
    .addOption(new Option('--priv <protocol>', 'version 3').choices(PRIVACY_PROTOCOLS))
    .option('--priv-password-file <file>', 'its pass phrase')
    .addOption(
      new Option('--engine-id <hex>', 'of the first device; others count up (default: made up)').argParser(
        parseEngineId,
      ),
    )
    .option('--context <name>', 'version 3 (default: none)');
}

/** RFC 3411 section 5: 5 to 32 octets. */
function parseEngineId(text: string): Buffer {
  const digits = text.replace(/^0x/i, '').replaceAll(':', '');
  if (/^(?:[0-9a-f]{2}){5,32}$/i.test(digits)) return Buffer.from(digits, 'hex');
  throw new InvalidArgumentError('It must be 5 to 32 bytes in hexadecimal, 80007ed905646f6701.');
}

async function run(options: SendTrapsOptions, command: Command): Promise<void> {
  refuseTheImpossible(options, command);
  const load = await loadOf(options);
  const stop = new AbortController();
  const restore = onStopSignals(
    () => stop.abort(),
    () => process.exit(EXIT.interrupted),
  );
  const bar = new ProgressBar(process.stderr);
  try {
    const sending = await sendingOf(options, stop.signal);
    const report = await sendTraps(load, {
      ...sending,
      onProgress: (elapsedMs, traps) =>
        bar.show(
          elapsedMs / options.duration,
          `${compact(traps)} ${load.pdu}s, ${compact(Math.round((traps / elapsedMs) * 1000))}/s`,
        ),
    });
    bar.end();
    process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : trapsReportText(report));
    const { address, port } = sending.target;
    process.stderr.write(errorLines(report.errors, `${address}:${port}`));
    if (isFailure(report)) process.exitCode = EXIT.failure;
  } finally {
    bar.end();
    restore();
  }
}

/** With acknowledgements, what went wrong on the way does not matter once all are there. */
function isFailure({ acknowledged, traps, notWritten, errors }: TrapSendReport): boolean {
  if (acknowledged !== null) return acknowledged < traps;
  return notWritten > 0 || Object.keys(errors).length > 0;
}

async function loadOf(options: SendTrapsOptions): Promise<TrapLoad> {
  const { version, inform, trap, devices, count, community, seed } = options;
  return createTrapLoad({
    version: version === '2c' ? 2 : version === '3' ? 3 : 1,
    pdu: inform === true ? 'inform' : 'trap',
    kind: trap,
    devices: devices ?? (count === 1 ? 1 : DEFAULT_DEVICES),
    community,
    user: version === '3' ? await trapUser(options, process.env) : undefined,
    seed,
  });
}

async function sendingOf(options: SendTrapsOptions, signal: AbortSignal): Promise<TrapSendOptions> {
  const { to, rate, duration, count, source, connections, retries, timeout } = options;
  return {
    target: await resolveTarget(to, defaultTrapPort()),
    source,
    connections,
    trapsPerSecond: rate,
    durationMs: duration,
    ...(count === undefined ? {} : { limit: count }),
    patience: { retries, timeoutMs: timeout },
    signal,
  };
}

function refuseTheImpossible(options: SendTrapsOptions, command: Command): void {
  const given = (name: string) => command.getOptionValueSource(name) === 'cli';
  const refuse = (wrong: boolean, why: string) => {
    if (wrong) throw new DogwatchError('USAGE', why);
  };
  for (const name of ['user', 'level', 'auth', 'authPasswordFile', 'priv', 'privPasswordFile', 'engineId', 'context'])
    refuse(given(name) && options.version !== '3', `--${kebab(name)} is for --version 3`);
  refuse(given('community') && options.version === '3', '--community is for versions 1 and 2c');
  refuse(options.priv !== undefined && options.auth === undefined, '--priv needs --auth');
  for (const name of ['retries', 'timeout'])
    refuse(given(name) && options.inform !== true, `--${name} goes with --inform: traps are not answered`);
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
