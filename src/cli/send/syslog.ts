import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { DogwatchError, messageOf } from '../../runtime/errors.ts';
import { defaultSyslogPort } from '../../traffic/syslog/default-ports.ts';
import { SYSLOG_DIALECTS, type SyslogDialect } from '../../traffic/syslog/dialects/dialects.ts';
import { FACILITY_NAMES, facilityOf, SEVERITY_NAMES, severityOf } from '../../query/logs/severities.ts';
import {
  SYSLOG_TRANSPORTS,
  type SyslogSendOptions,
  type SyslogSendReport,
  sendSyslog,
  type SyslogTransportName,
} from '../../traffic/syslog/send-syslog.ts';
import { singleMessage } from '../../traffic/syslog/single-message.ts';
import { createFixedLoad, createSyslogLoad, type SyslogLoad } from '../../traffic/syslog/syslog-load.ts';
import type { TlsClientOptions } from '../../traffic/syslog/transport/reconnecting-stream.ts';
import { FRAMINGS, type SyslogFraming } from '../../traffic/syslog/transport/stream-outlet.ts';
import { resolveTarget, SOURCE_KINDS, type SourceKind } from '../../traffic/udp-target.ts';
import { errorLines } from '../capture/send-errors.ts';
import { EXIT } from '../exit-codes.ts';
import { number, parseDurationOption, parseRate } from '../options/quantity-options.ts';
import { onStopSignals } from '../run/stop-signals.ts';
import { compact } from '../terminal/figures.ts';
import { ProgressBar } from '../terminal/progress-bar.ts';
import { syslogReportText } from './syslog-report.ts';

interface SendSyslogOptions {
  readonly to: string;
  readonly dialect: SyslogDialect | 'mix';
  readonly rate: number;
  readonly duration: number;
  readonly devices: number;
  readonly transport: SyslogTransportName;
  readonly framing?: SyslogFraming;
  readonly connections?: number;
  readonly source: SourceKind;
  readonly reconnect: boolean;
  readonly seed: number;
  readonly size?: number;
  readonly tls?: true;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecure?: true;
  readonly message?: string;
  readonly severity?: number;
  readonly facility?: number;
  readonly app?: string;
  readonly json?: true;
}

const HELP = `
Examples:
  dogwatch send syslog                                        10 s, 100 messages a second of all makers: do they arrive?
  dogwatch send syslog --message "link is down" --severity warning --facility local7
  dogwatch send syslog --dialect cisco-ios --rate 5k --devices 50 --source loopback-range
  dogwatch send syslog --transport tls --to logs.example.com --tls-ca authority.pem
  dogwatch send syslog --transport relp --rate max --duration 1m   says how many the collector acknowledged
  dogwatch send syslog --rate max                             how much does a collector take?

Ports unless --to names one: udp and tcp ${defaultSyslogPort('udp', true)} (${defaultSyslogPort('udp', false)} for an ordinary user), tls ${defaultSyslogPort('tls')}, relp ${defaultSyslogPort('relp')}.

Messages are made up, with addresses that never appear on the Internet and the time of now. The same seed gives the same
messages. Each holds seq= and its number, counted through over all devices, so that it can be told which arrived; of palo-alto
it stands in a column. Each device has a source port of its own (with --source loopback-range also an address, 127.1.0.1 and
up) unless --connections says less. With fewer devices than dialects each of a mix speaks them in turn.

UDP, TCP and TLS have no acknowledgements: what was sent is not what arrived. With RELP, messages that a broken connection left
unanswered are sent again; then the collector may have some of them twice.`;

/** `dogwatch send syslog`: the load generator, and a logger. */
export function registerSendSyslog(send: Command): void {
  const command = send
    .command('syslog')
    .summary('send made-up syslog messages, or one of your own, to a collector')
    .description('Sends made-up syslog messages of many makers at an even pace, or one message as it is given.')
    .option('--to <host[:port]>', 'collector', '127.0.0.1')
    .addOption(new Option('--dialect <name>', 'whose messages').choices([...SYSLOG_DIALECTS, 'mix']).default('mix'))
    .addOption(new Option('--rate <n>', 'messages a second, or max').argParser(parseRate).default(100, '100'))
    .addOption(
      new Option('--duration <time>', 'how long to send').argParser(parseDurationOption).default(10_000, '10s'),
    )
    .addOption(number('--devices <n>', 'devices to play', 1, 65_535, 20))
    .addOption(number('--seed <n>', 'another seed, other messages', 0, 0x7f_ff_ff_ff, 1))
    .addOption(number('--size <bytes>', 'fill shorter messages up to so many bytes', 1, 65_507));
  addTransportOptions(command);
  command
    .option('--message <text>', 'send this one message instead')
    .addOption(
      new Option('--severity <name>', 'of --message, name or number (default: notice)').argParser(
        parseName(severityOf, SEVERITY_NAMES),
      ),
    )
    .addOption(
      new Option('--facility <name>', 'of --message, name or number (default: user)').argParser(
        parseName(facilityOf, FACILITY_NAMES),
      ),
    )
    .option('--app <name>', "program that --message is from (default: your user's name)")
    .option('--json', 'report as JSON')
    .addHelpText('after', HELP)
    .action(run);
}

function addTransportOptions(command: Command): void {
  command
    .addOption(new Option('--transport <name>', 'transport').choices(SYSLOG_TRANSPORTS).default('udp'))
    .addOption(
      new Option('--framing <name>', 'tcp and tls: octet counts, or line feeds (default: octet)').choices(FRAMINGS),
    )
    .addOption(number('--connections <n>', 'sockets for all devices (default: one a device)', 1, 65_535))
    .addOption(new Option('--source <kind>', 'how devices differ').choices(SOURCE_KINDS).default('ports'))
    .option('--no-reconnect', 'end when connections break')
    .option('--tls', 'relp: over TLS')
    .option('--tls-ca <file>', "authority of the collector's certificate, PEM (default: those of the system)")
    .option('--tls-cert <file>', 'certificate to show, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--insecure', 'take any certificate');
}

function parseName(find: (word: string) => number | undefined, names: readonly string[]): (word: string) => number {
  return (word) => {
    const found = find(word);
    if (found === undefined) throw new InvalidArgumentError(`It must be one of ${names.join(', ')}, or its number.`);
    return found;
  };
}

async function run(options: SendSyslogOptions, command: Command): Promise<void> {
  refuseTheImpossible(options, command);
  const stop = new AbortController();
  const sending = await sendingOf(options, stop.signal);
  const restore = onStopSignals(
    () => stop.abort(),
    () => process.exit(EXIT.interrupted),
  );
  const bar = new ProgressBar(process.stderr);
  try {
    const report = await sendSyslog(loadOf(options), {
      ...sending,
      ...(options.message === undefined
        ? {
            onProgress: (elapsedMs: number, messages: number) =>
              bar.show(
                elapsedMs / options.duration,
                `${compact(messages)} messages, ${compact(Math.round((messages / elapsedMs) * 1000))}/s`,
              ),
          }
        : {}),
    });
    bar.end();
    process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : syslogReportText(report));
    const { address, port } = sending.target;
    process.stderr.write(errorLines(report.errors, `${address}:${port}`));
    if (isFailure(report)) process.exitCode = EXIT.failure;
  } finally {
    bar.end();
    restore();
  }
}

/** With acknowledgements, what went wrong on the way does not matter once all are there. */
function isFailure({ notWritten, refused, unanswered, errors }: SyslogSendReport): boolean {
  if (unanswered !== null) return unanswered + refused > 0;
  return notWritten > 0 || Object.keys(errors).length > 0;
}

function loadOf(options: SendSyslogOptions): SyslogLoad {
  const { message, facility = 1, severity = 5, app, dialect, devices, seed, size } = options;
  if (message === undefined) return createSyslogLoad({ dialect, devices, seed, size });
  const format = dialect === 'bsd' ? 'bsd' : 'rfc5424';
  return createFixedLoad(singleMessage({ message, facility, severity, app, format }), format);
}

async function sendingOf(options: SendSyslogOptions, signal: AbortSignal): Promise<SyslogSendOptions> {
  const { to, transport, framing, connections, source, reconnect, rate, duration, message } = options;
  return {
    target: await resolveTarget(to, defaultSyslogPort(transport)),
    transport,
    framing: framing ?? 'octet',
    connections,
    source,
    reconnect,
    ...(usesTls(options) ? { tls: await tlsOf(options) } : {}),
    messagesPerSecond: message === undefined ? rate : Infinity,
    durationMs: duration,
    ...(message === undefined ? {} : { limit: 1 }),
    signal,
  };
}

function usesTls({ transport, tls }: SendSyslogOptions): boolean {
  return transport === 'tls' || tls === true;
}

async function tlsOf({ tlsCa, tlsCert, tlsKey, insecure }: SendSyslogOptions): Promise<TlsClientOptions> {
  const [ca, certificate, key] = await Promise.all([tlsCa, tlsCert, tlsKey].map(readPem));
  return { ca, certificate, key, insecure };
}

async function readPem(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new DogwatchError('FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  });
}

function refuseTheImpossible(options: SendSyslogOptions, command: Command): void {
  const { transport, message, dialect } = options;
  const given = (name: string) => command.getOptionValueSource(name) === 'cli';
  const refuse = (wrong: boolean, why: string) => {
    if (wrong) throw new DogwatchError('USAGE', why);
  };
  refuse(given('framing') && transport !== 'tcp' && transport !== 'tls', '--framing is for tcp and tls');
  refuse(options.tls === true && transport !== 'relp' && transport !== 'tls', '--tls is for relp');
  for (const name of ['tlsCa', 'tlsCert', 'tlsKey', 'insecure'])
    refuse(given(name) && !usesTls(options), 'certificates are for --transport tls, and for relp with --tls');
  refuse(
    (options.tlsCert === undefined) !== (options.tlsKey === undefined),
    '--tls-cert and --tls-key need each other',
  );
  for (const name of ['severity', 'facility', 'app'])
    refuse(given(name) && message === undefined, `--${name} goes with --message`);
  for (const name of ['rate', 'duration', 'devices', 'size', 'seed', 'connections'])
    refuse(given(name) && message !== undefined, `--message sends one message: --${name} makes no sense with it`);
  refuse(
    message !== undefined && !['mix', 'bsd', 'rfc5424'].includes(dialect),
    '--message is sent as rfc5424, or with --dialect bsd',
  );
}
