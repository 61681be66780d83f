import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import { DogwatchError } from '../runtime/errors.ts';
import { interfaceOf } from '../setup/pair/own-interface.ts';
import { pairFiles } from '../setup/pair/pair-files.ts';
import type { PairPlan } from '../setup/pair/pair-plan.ts';
import { CONFIG_DIRECTORY } from '../setup/pair/systemd-unit.ts';
import { writeFiles } from '../setup/setup-file.ts';
import { completed, type PairAnswers } from './init/answers.ts';
import { askForPair } from './init/questions.ts';

interface InitPairOptions extends PairAnswers {
  readonly output: string;
  readonly force?: true;
  readonly json?: true;
}

const HELP = `
Examples:
  dogwatch init pair                             asks what it needs to know
  dogwatch init pair --node dw-a=192.0.2.11 --node dw-b=192.0.2.12 --virtual 192.0.2.10/24 --interface eth0 \\
    --database postgresql://dogwatch@db.example.net/dogwatch --redis redis://redis.example.net
  dogwatch init pair … --virtual 2001:db8::10/64 --virtual 192.0.2.10/24     both families
  dogwatch init pair … --interface eth0 --peer-interface ens192
  dogwatch init pair … --journal /mnt/dogwatch   a folder of both nodes in place of Redis
  dogwatch init pair … --driver none             somebody else moves the virtual IP

Writes a folder for each node: dogwatch.yaml, pair.secret (for its owner alone) and dogwatch.service. They are checked before they are
written; files that are there are kept unless --force is given. See docs/pair-setup.md.`;

/** `dogwatch init pair`: the files of both nodes, from a few questions or flags. */
export function registerInit(program: Command): void {
  program
    .command('init')
    .summary('write the files of a new pair')
    .description('Writes configurations to start from.')
    .command('pair')
    .summary('write the files of both nodes of a pair')
    .description('Writes both nodes of a pair: configuration, secret and systemd service of each.')
    .option('--node <name=address>', 'a node and its own address; twice', collect, [])
    .option('--virtual <address/length>', 'the virtual IP with its prefix length; again for more', collect, [])
    .option('--interface <name>', 'interface that carries it on the first node (default: the one with the own address)')
    .option('--peer-interface <name>', 'that of the second node (default: the same)')
    .option('--database <url>', 'PostgreSQL that both nodes reach')
    .option('--redis <url>', 'let batches wait in Redis')
    .option('--journal <folder>', 'let batches wait in a folder that both nodes have')
    .option('--pair <name>', 'name of the pair in the database', 'dogwatch')
    .option('--port <number>', 'UDP and TCP port of the link (default: 8056)')
    .addOption(
      new Option('--driver <how>', 'how the virtual IP is moved')
        .choices(['linux', 'command', 'none'])
        .default('linux'),
    )
    .option('--command <program>', 'program of the driver "command"')
    .option('-o, --output <folder>', 'where the folders of the nodes are made', '.')
    .option('--force', 'replace files that are there')
    .option('--json', 'print the names of the files as JSON')
    .addHelpText('after', HELP)
    .action(async (options: InitPairOptions) => {
      const isTerminal = process.stdin.isTTY && process.stdout.isTTY && options.json !== true;
      const plan = completed(isTerminal ? await askForPair(options) : options);
      const files = writeFiles(options.output, pairFiles(plan, thisProgram()), options.force === true);
      process.stdout.write(options.json === true ? `${JSON.stringify({ files })}\n` : doneText(plan, files));
    });
}

function collect(each: string, before: readonly string[]): string[] {
  return [...before, each];
}

/** How this program is started, for a service that has no PATH of ours. */
function thisProgram(): string {
  const launcher = fileURLToPath(new URL('dogwatch.mjs', import.meta.url));
  const words = [process.execPath, launcher];
  const odd = words.find((word) => /[\s"\\%$]/.test(word));
  if (odd !== undefined)
    throw new DogwatchError('SETUP_INVALID', `systemd cannot be told to start ${odd}`, {
      remedy: 'install dogwatch in a folder without blanks and quotes, such as /opt/dogwatch',
    });
  return words.join(' ');
}

function doneText(plan: PairPlan, files: readonly string[]): string {
  const copies = plan.nodes.map(({ name, address }) => {
    const folder = dirname(files.find((file) => dirname(file).endsWith(`/${name}`)) ?? '');
    const isHere = interfaceOf(address) !== undefined;
    return `       ${isHere ? `cp ${folder}/* ${CONFIG_DIRECTORY}/` : `scp ${folder}/* ${bracketed(address)}:${CONFIG_DIRECTORY}/`}`;
  });
  return [
    'Written, and checked as a start would:',
    ...files.map((file) => `  ${file}`),
    '',
    'Next:',
    '  1. Each node gets its folder; pair.secret is the key of the pair, for nobody else to see:',
    ...copies,
    `     and on both: chown dogwatch: ${CONFIG_DIRECTORY}/*; mv ${CONFIG_DIRECTORY}/dogwatch.service /etc/systemd/system/`,
    '  2. On both, to see what is missing, and what to do about it:',
    `       dogwatch check --pair --config ${CONFIG_DIRECTORY}/dogwatch.yaml`,
    '  3. On both:',
    '       systemctl daemon-reload && systemctl enable --now dogwatch',
    '     dogwatch status shows both; dogwatch switchover moves the virtual IP.',
    '',
  ].join('\n');
}

/** As scp has it. */
function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
