import type { Command } from 'commander';
import { annotatedYaml } from '../config/annotated-yaml.ts';
import { configJsonSchema } from '../config/json-schema.ts';
import { loadConfig } from '../config/load.ts';
import { maskSecrets } from '../config/mask.ts';
import { configOption } from './config-option.ts';

interface ConfigOptions {
  readonly config?: string;
  readonly json?: true;
  readonly schema?: true;
}

const HELP = `
Examples:
  dogwatch config                                what is in effect, and where each setting comes from
  dogwatch config --json | jq .listeners         the same for a script: durations in ms, sizes in bytes
  dogwatch config > dogwatch.yaml                a file to start from, with every setting explained
  dogwatch config --schema > schema.json         for editors; name it in the first line of dogwatch.yaml:
                                                   # yaml-language-server: $schema=schema.json
  DOGWATCH_HTTP__PORT=9000 dogwatch config       try an environment variable

Passwords are masked. Exit code 2 when the configuration is wrong, with everything that is wrong.`;

/** `dogwatch config`: the effective configuration, masked; or its schema. */
export function registerConfig(program: Command): void {
  program
    .command('config')
    .summary('print the configuration in effect')
    .description('Prints the configuration in effect: defaults, file and environment together, secrets masked.')
    .addOption(configOption())
    .option('--json', 'as JSON, durations in milliseconds and sizes in bytes')
    .option('--schema', 'print the JSON Schema of the configuration file instead')
    .addHelpText('after', HELP)
    .action((options: ConfigOptions) => {
      process.stdout.write(options.schema === true ? schemaText() : effectiveText(options));
    });
}

function effectiveText(options: ConfigOptions): string {
  const { config, sources } = loadConfig({ file: options.config });
  const masked = maskSecrets(config);
  return options.json === true ? `${JSON.stringify(masked, null, 2)}\n` : annotatedYaml(masked, sources);
}

function schemaText(): string {
  // The same text on every machine: what depends on it is told in the descriptions.
  const schema = configJsonSchema({ hostname: 'localhost', stateDirectory: '/var/lib/dogwatch' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
