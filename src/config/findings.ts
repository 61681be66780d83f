import { DogwatchError } from '../runtime/errors.ts';
import type { Config } from './schema.ts';

/** A place in the configuration: keys and list indexes from the root. */
export type SettingPath = readonly (string | number)[];

/** One thing that is wrong with the configuration. */
export interface Finding {
  /** As in `listeners[0].port`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what is allowed, without the path. */
  readonly message: string;
  /** The value that was found, shortened, secrets masked; undefined when nothing was there. */
  readonly found: string | undefined;
  /** What was probably meant. */
  readonly suggestion: string | undefined;
  /** `dogwatch.yaml:12` or the name of an environment variable; undefined when a default is at fault. */
  readonly source: string | undefined;
}

/** Everything that is wrong with a configuration, at once. */
export class ConfigError extends DogwatchError {
  readonly findings: readonly Finding[];
  /** The configuration with a default for each setting that is wrong by itself; for going on looking, not for running. */
  readonly usable: Config | undefined;

  constructor(findings: readonly Finding[], usable?: Config) {
    const heading =
      findings.length === 1 ? 'the configuration is wrong' : `the configuration is wrong in ${findings.length} places`;
    super('CONFIG_INVALID', [heading, ...findings.map((finding) => `  ${describeFinding(finding)}`)].join('\n'), {
      remedy: '"dogwatch config --schema" lists every setting with its bounds; "dogwatch check" verifies a file.',
    });
    this.findings = findings;
    this.usable = usable;
  }
}

/** One line: place, path, what is wrong, what was found, what was probably meant. */
export function describeFinding(finding: Finding): string {
  const place = finding.source === undefined ? '' : `${finding.source}: `;
  const path = finding.path === '' ? '' : `${finding.path}: `;
  const found = finding.found === undefined ? '' : `, found ${finding.found}`;
  const suggestion = finding.suggestion === undefined ? '' : `; did you mean ${finding.suggestion}?`;
  return `${place}${path}${finding.message}${found}${suggestion}`;
}

/** `['listeners', 0, 'port']` → `listeners[0].port`. */
export function pathText(path: SettingPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
