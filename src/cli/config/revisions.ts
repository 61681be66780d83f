import { type Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { askCollector } from '../../control/control-client.ts';
import { withDatabase } from '../../query/connect.ts';
import { askRevisions, revisionOf, type SettingsRevision } from '../../query/settings/revisions.ts';
import { writtenChanges } from '../../settings/written-changes.ts';
import { configOption } from '../options/config-option.ts';
import { account, outcomeText, RELOAD_PATIENCE_MS } from '../reload.ts';
import { renderTable } from '../terminal/table.ts';
import { visibleText } from '../terminal/visible-text.ts';

interface Options {
  readonly config?: string;
  readonly json?: true;
}

const HELP_FOR_ALL = `
Each reload that changes shared settings makes a revision, and so does a start with other ones. Revisions hold what both nodes of a pair
have alike, as it is written in the file, without secrets. Exit code 3 when the database does not answer.`;
const HISTORY_HELP = `
Examples:
  dogwatch config history                        the latest first
  dogwatch config history --json | head -1 | jq -r .settings
${HELP_FOR_ALL}`;
const DIFF_HELP = `
Examples:
  dogwatch config diff 7                         what has changed since revision 7
  dogwatch config diff 7 9
${HELP_FOR_ALL}`;
const ROLL_BACK_HELP = `
Examples:
  dogwatch config rollback                       back to the revision before the latest
  dogwatch config rollback 7

It goes the way of a reload: checked on both nodes of a pair before either applies it, and a revision of its own. The file as it was stays
beside it, as dogwatch.yaml.before. Run it on the active node, as root or as the account of the collector.`;

/** `dogwatch config history`, `diff` and `rollback`. */
export function registerRevisions(config: Command): void {
  config
    .command('history')
    .summary('who changed which settings, and when')
    .description('Lists the revisions of the settings, the latest first.')
    .addOption(configOption())
    .option('--json', 'print a JSON object a revision')
    .addHelpText('after', HISTORY_HELP)
    .action(async (_options: Options, command: Command) => history(optionsOf(command)));
  config
    .command('diff')
    .summary('what is different between two revisions')
    .description('Shows which settings are different in revision N and revision M, the latest unless given.')
    .argument('<N>', 'number of a revision', numberOf)
    .argument('[M]', 'number of another', numberOf)
    .addOption(configOption())
    .option('--json', 'print JSON')
    .addHelpText('after', DIFF_HELP)
    .action(async (from: number, to: number | undefined, _options: Options, command: Command) =>
      difference(from, to, optionsOf(command)),
    );
  config
    .command('rollback')
    .summary('go back to an earlier revision')
    .description(
      'Makes the settings of an earlier revision those of the running collector again, on both nodes of a pair.',
    )
    .argument('[N]', 'number of the revision; the one before the latest unless given', numberOf)
    .addOption(configOption())
    .option('--json', 'print the outcome as JSON')
    .addHelpText('after', ROLL_BACK_HELP)
    .action(async (revision: number | undefined, _options: Options, command: Command) =>
      rollBack(revision, optionsOf(command)),
    );
}

/** An option that the group has as well is the group's. */
function optionsOf(command: Command): Options {
  return command.optsWithGlobals<Options>();
}

async function history(options: Options): Promise<void> {
  const revisions = await revisionsOf(options);
  if (options.json === true) {
    for (const each of revisions) process.stdout.write(`${JSON.stringify(each)}\n`);
    return;
  }
  const rows = revisions.map(({ revision, at, node, account: who, note }) =>
    [String(revision), at.slice(0, 19).replace('T', ' '), node, who, note].map(visibleText),
  );
  const columns = [{ title: 'revision', right: true }, { title: 'when (UTC)' }, { title: 'node' }, { title: 'who' }];
  process.stdout.write(renderTable([...columns, { title: 'what', shrinks: true }], rows));
}

async function difference(from: number, to: number | undefined, options: Options): Promise<void> {
  const revisions = await revisionsOf(options);
  const before = revisionOf(revisions, from);
  const after = revisionOf(revisions, to);
  const changes = writtenChanges(before.settings, after.settings);
  if (options.json === true) process.stdout.write(`${JSON.stringify(changes)}\n`);
  else if (changes.length === 0) process.stdout.write('The same settings.\n');
  else
    process.stdout.write(
      `${changes.map(({ setting, from: was, to: is }) => visibleText(`${setting}: ${was ?? 'nothing'} → ${is ?? 'nothing'}`)).join('\n')}\n`,
    );
}

async function rollBack(revision: number | undefined, options: Options): Promise<void> {
  const { config } = loadConfig({ file: options.config });
  const body = { account: account(), ...(revision === undefined ? {} : { revision }) };
  const outcome = await askCollector(config.stateDirectory, 'rollback', body, RELOAD_PATIENCE_MS);
  process.stdout.write(options.json === true ? `${JSON.stringify(outcome)}\n` : outcomeText(outcome));
}

async function revisionsOf(options: Options): Promise<SettingsRevision[]> {
  const { config } = loadConfig({ file: options.config });
  return withDatabase(config, 'dogwatch config history', (client) => askRevisions(client, pairOf(config)));
}

/** As events and revisions are named by it: a node that is alone goes by its own name. */
function pairOf({ ha, node }: Config): string {
  return ha?.pair ?? node.name;
}

function numberOf(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('expected a number from 1 on.');
}
