import { readFileSync, writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { annotatedYaml } from '../../config/annotated-yaml.ts';
import { configJsonSchema } from '../../config/json-schema.ts';
import { loadConfig } from '../../config/load.ts';
import { maskSecrets } from '../../config/mask.ts';
import { settingsReference, withSettingsReference } from '../../config/reference.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import { configOption } from '../options/config-option.ts';
import { registerRevisions } from './revisions.ts';

interface ConfigOptions {
  readonly config?: string;
  readonly json?: true;
  readonly schema?: true;
  readonly reference?: string | true;
}

/** So that the text is the same on every machine: what depends on it is told in the descriptions. */
const ANY_MACHINE = { hostname: 'localhost', stateDirectory: '/var/lib/dogwatch', privilegedPorts: false };

const HELP = `
Examples:
  dogwatch config                                what is in effect, and where each setting comes from
  dogwatch config --json | jq .listeners         the same for a script: durations in ms, sizes in bytes
  dogwatch config > dogwatch.yaml                a file to start from, with every setting explained
  dogwatch config history                        who changed what, and when; diff and rollback go with it
  dogwatch config --schema > schema.json         for editors; name it in the first line of dogwatch.yaml:
                                                   # yaml-language-server: $schema=schema.json
  DOGWATCH_HTTP__PORT=9000 dogwatch config       try an environment variable

Passwords are masked. Exit code 2 when the configuration is wrong, with everything that is wrong.`;

/** `dogwatch config`: the effective configuration, masked; or its schema. */
export function registerConfig(program: Command): void {
  const command = program.command('config');
  registerRevisions(command);
  command
    .summary('print the configuration in effect')
    .description('Prints the configuration in effect: defaults, file and environment together, secrets masked.')
    .addOption(configOption())
    .option('--json', 'as JSON, durations in milliseconds and sizes in bytes')
    .option('--schema', 'print the JSON Schema of the configuration file instead')
    .addOption(new Option('--reference [file]', 'print the list of settings, or put it into a document').hideHelp())
    .addHelpText('after', HELP)
    .action((options: ConfigOptions) => {
      if (options.reference !== undefined) writeReference(options.reference);
      else process.stdout.write(options.schema === true ? schemaText() : effectiveText(options));
    });
}

function effectiveText(options: ConfigOptions): string {
  const { config, sources } = loadConfig({ file: options.config });
  const masked = maskSecrets(config);
  return options.json === true ? `${JSON.stringify(masked, null, 2)}\n` : annotatedYaml(masked, sources);
}

function schemaText(): string {
  return `${JSON.stringify(configJsonSchema(ANY_MACHINE), null, 2)}\n`;
}

/** Prints the reference, or puts it into `file` in place of the one there. */
function writeReference(file: string | true): void {
  const reference = settingsReference(configJsonSchema(ANY_MACHINE));
  if (file === true) {
    process.stdout.write(reference);
    return;
  }
  const renewed = withSettingsReference(readFileSync(file, 'utf8'), reference);
  if (renewed === undefined) throw new DogwatchError('USAGE', `${file} has no place for the list of settings`);
  writeFileSync(file, renewed);
}
