import { Option } from 'commander';

/** `--config F`, the same in every command that reads the configuration. */
export function configOption(): Option {
  return new Option(
    '-c, --config <file>',
    'configuration file (default: $DOGWATCH_CONFIG, ./dogwatch.yaml, /etc/dogwatch/dogwatch.yaml)',
  );
}
