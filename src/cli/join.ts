import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { loadConfig } from '../config/load.ts';
import { askCollector } from '../control/control-client.ts';
import { settingsDigest } from '../pair/settings-digest.ts';
import { DogwatchError } from '../runtime/errors.ts';
import { fetchOffer } from '../setup/join/fetch-offer.ts';
import { parseToken } from '../setup/join/join-token.ts';
import { type JoinedFiles, joinedFiles, type OwnSettings } from '../setup/join/joined-files.ts';
import type { PairOffer } from '../setup/join/offer.ts';
import { interfaceOf } from '../setup/pair/own-interface.ts';
import { writeFiles } from '../setup/setup-file.ts';
import { configOption } from './options/config-option.ts';

interface JoinOptions {
  readonly config?: string;
  readonly invite?: true;
  readonly port?: string;
  readonly node?: string;
  readonly address?: string;
  readonly interface?: string;
  readonly output: string;
  readonly force?: true;
  readonly json?: true;
}

const HELP = `
Examples:
  dogwatch join --invite                         on the first node, where dogwatch runs: prints a token
  dogwatch join dw-join-…                        on the second: writes /etc/dogwatch/dogwatch.yaml and pair.secret
  dogwatch join dw-join-… --interface ens192     where its interface is another one
  dogwatch join dw-join-… --output ./dogwatch.yaml

Settings and secret come over a connection that only the token opens. A token is good for one node, for 15 minutes, and for three wrong
tries; whoever has it has the pair's secret: treat it as a password. Name and address of the second node are those that the first one
has as ha.peer. The first node must be reached at the TCP port after ha.port (8057), or at that of --port.`;

const PATIENCE_MS = 10_000;

/** `dogwatch join`: the second node gets its files from the first. */
export function registerJoin(program: Command): void {
  program
    .command('join')
    .summary('make this machine the second node of a pair')
    .description('Fetches the shared settings and the secret of a pair from its first node.')
    .argument('[token]', 'as dogwatch join --invite prints it on the first node')
    .addOption(configOption())
    .option('--invite', 'on the first node: print a token')
    .option('--port <number>', 'with --invite: TCP port to be asked at (default: the one after ha.port)')
    .option('--node <name>', "name of this node (default: the first one's ha.peer.name)")
    .option('--address <address>', "own address of this node (default: the first one's ha.peer.address)")
    .option('--interface <name>', 'interface that carries the virtual IP (default: the one with the own address)')
    .option('-o, --output <file>', 'where the configuration is written', '/etc/dogwatch/dogwatch.yaml')
    .option('--force', 'replace files that are there')
    .option('--json', 'print the outcome as JSON')
    .addHelpText('after', HELP)
    .action(async (token: string | undefined, options: JoinOptions) => {
      if ((token === undefined) === (options.invite === undefined))
        throw new DogwatchError('USAGE', 'expected either --invite or a token', { remedy: 'see dogwatch join --help' });
      const text = token === undefined ? await invite(options) : await join(token, options);
      process.stdout.write(text);
    });
}

async function invite({ config: file, port: written, json }: JoinOptions): Promise<string> {
  const port = written === undefined ? undefined : Number(written);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    throw new DogwatchError('USAGE', `--port ${written}: expected 1 to 65535`);
  const { config } = loadConfig({ file });
  const invited = await askCollector(config.stateDirectory, 'invite', { port }, PATIENCE_MS);
  if (json === true) return `${JSON.stringify(invited)}\n`;
  const { token, address, port: bound }: Record<string, unknown> = { ...Object(invited) };
  return [
    'On the second node:',
    `  dogwatch join ${String(token)}`,
    '',
    `Good once, for 15 minutes, at ${String(address)} TCP port ${String(bound)}. It gives the secret of the pair: treat it as a password.`,
    '',
  ].join('\n');
}

async function join(text: string, options: JoinOptions): Promise<string> {
  const token = parseToken(text);
  if (token === undefined)
    throw new DogwatchError('USAGE', 'this is no token, or not all of it', {
      remedy: 'copy the line of dogwatch join --invite',
    });
  if (basename(options.output) === '' || basename(options.output) === 'pair.secret')
    throw new DogwatchError('USAGE', '--output: expected the name of a configuration file');
  const offer = await fetchOffer(token);
  if (offer.version !== manifest.version)
    throw new DogwatchError(
      'VERSION_DIFFERS',
      `${offer.first.name} runs dogwatch ${offer.version}, this is ${manifest.version}`,
      { remedy: 'install the same version on both nodes, and make another token' },
    );
  const joined = joinedFiles(offer, ownSettings(offer, options));
  const isEqual = settingsDigest(joined.config) === offer.digest;
  const files = writeJoined(joined, options);
  if (options.json === true) return `${JSON.stringify({ files, isEqual, missing: joined.missing })}\n`;
  return doneText(offer, joined, files, isEqual);
}

function ownSettings(offer: PairOffer, options: JoinOptions): OwnSettings {
  const address = options.address ?? offer.second.address;
  const name =
    options.interface ?? (offer.interface === undefined ? undefined : interfaceOf(address)?.name) ?? offer.interface;
  return { name: options.node ?? offer.second.name, address, interface: name };
}

function writeJoined({ files }: JoinedFiles, { output, force }: JoinOptions): string[] {
  const [config, ...others] = files;
  if (config === undefined) return [];
  const named = [{ ...config, path: basename(output) }, ...others];
  return writeFiles(dirname(resolve(output)), named, force === true);
}

function doneText(
  offer: PairOffer,
  { config, missing }: JoinedFiles,
  files: readonly string[],
  isEqual: boolean,
): string {
  const { first, second } = offer;
  const isExpected = config.node.name === second.name && config.ha?.address === second.address;
  return [
    'Written, and checked as a start would:',
    ...files.map((file) => `  ${file}`),
    '',
    // What is to be copied belongs to them.
    ...(isEqual || missing.length > 0
      ? []
      : [`Shared settings differ from those of ${first.name}: compare dogwatch config on both.`]),
    ...(isExpected
      ? []
      : [
          `${first.name} expects ${second.name} at ${second.address}: change its ha.peer to ${config.node.name} at ${config.ha?.address}.`,
        ]),
    ...missing.map((each) => `Copy from ${first.name}: ${each}`),
    'Next:',
    '  1. The files belong to the account that starts dogwatch: chown it if that is not yours.',
    `  2. dogwatch check --pair --config ${files[0]}`,
    '  3. Start dogwatch (docs/pair-setup.md has a systemd service), and see both nodes with dogwatch status.',
    '',
  ].join('\n');
}
