import { existsSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { readDocument, type ConfigDocument } from './document.ts';
import { CONFIG_VARIABLE, readEnvironment, type Override } from './environment.ts';
import { ConfigError, pathText, type Finding, type SettingPath } from './findings.ts';
import { configJsonSchema } from './json-schema.ts';
import { readNotifySecrets } from './notify-secrets.ts';
import { mayBindPrivilegedPorts } from './privileged-ports.ts';
import { breachesOf } from './rules.ts';
import type { Breach } from './rules/breach.ts';
import { findingsOfIssues, valueAt } from './schema-findings.ts';
import { readSecretFiles } from './secret-files.ts';
import { configSchema, isDatabaseUrl, type Config, type Machine } from './schema.ts';

export interface LoadOptions {
  /** The file of `--config`. */
  readonly file?: string | undefined;
  /** `process.env` unless given. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where relative names start and `dogwatch.yaml` is looked for; the working directory unless given. */
  readonly directory?: string;
  readonly machine?: Machine;
  /** Content of the file, in place of what it holds. */
  readonly text?: string | undefined;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly sources: ConfigSources;
}

/** Where settings came from. */
export interface ConfigSources {
  /** Absolute path of the file that was read; undefined when there was none. */
  readonly file: string | undefined;
  /** `dogwatch.yaml:12` or `DOGWATCH_X`; undefined for a default. */
  of(path: SettingPath): string | undefined;
}

/**
 * The configuration in effect: defaults, then one YAML file, then the environment. The file is the one asked for, else
 * `$DOGWATCH_CONFIG`, else `./dogwatch.yaml`, else `/etc/dogwatch/dogwatch.yaml` if there is one.
 * @throws ConfigError `CONFIG_INVALID` with everything that is wrong
 * @throws DogwatchError `CONFIG_UNREADABLE`
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const environment = options.environment ?? process.env;
  const directory = options.directory ?? process.cwd();
  const machine = options.machine ?? thisMachine(environment);
  const file = chooseFile(options.file, environment, directory);
  const document = file === undefined ? undefined : readDocument(resolve(directory, file), options.text);
  const { overrides, findings } = readEnvironment(environment, configJsonSchema(machine));
  const input = merge(document?.content ?? {}, overrides);
  const sources = sourcesOf(document, overrides, input);
  const { config, findings: wrong } = validate(input, machine, sources);
  const place = document?.directory ?? directory;
  const secrets = config === undefined ? [] : [...readSecretFiles(config, place), ...readNotifySecrets(config, place)];
  const all = [...findings, ...wrong, ...secrets.map((breach) => findingOf(breach, sources))];
  if (config === undefined) throw new ConfigError(all);
  const complete = resolvePaths(withPassword(config), sources, place);
  if (all.length > 0) throw new ConfigError(all, complete);
  return { config: complete, sources };
}

/** What the defaults take from this machine. */
export function thisMachine(environment: Readonly<Record<string, string | undefined>>): Machine {
  const state = environment['XDG_STATE_HOME'];
  // The XDG base directory specification tells to ignore relative paths.
  const home = state !== undefined && isAbsolute(state) ? state : join(homedir(), '.local', 'state');
  return {
    hostname:
      hostname()
        .replaceAll(/[^A-Za-z0-9._-]/g, '-')
        .replace(/^[^A-Za-z0-9]+/, '')
        .slice(0, 63) || 'dogwatch',
    stateDirectory: process.getuid?.() === 0 ? '/var/lib/dogwatch' : join(home, 'dogwatch'),
    privilegedPorts: mayBindPrivilegedPorts(),
  };
}

function chooseFile(
  asked: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  directory: string,
): string | undefined {
  const named = asked ?? (environment[CONFIG_VARIABLE] || undefined);
  if (named !== undefined) return named;
  return [join(directory, 'dogwatch.yaml'), '/etc/dogwatch/dogwatch.yaml'].find((path) => existsSync(path));
}

/** The file's content without empty settings, with the environment's settings on top. */
function merge(content: unknown, overrides: readonly Override[]): unknown {
  const merged = withoutNulls(content) ?? {};
  for (const { path, value } of overrides) {
    let level: unknown = merged;
    for (const key of path.slice(0, -1)) {
      if (!isGroup(level)) break;
      level[key] ??= {};
      level = level[key];
    }
    const last = path.at(-1);
    if (isGroup(level) && last !== undefined) level[last] = value;
  }
  return merged;
}

/** `http:` with every line below it commented out is null in YAML; it means what its absence means. */
function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item));
  if (!isGroup(value)) return value;
  const kept = Object.entries(value).map(([key, below]) => [key, withoutNulls(below)] as const);
  return Object.fromEntries(kept.filter(([, below]) => below !== undefined));
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sourcesOf(
  document: ConfigDocument | undefined,
  overrides: readonly Override[],
  input: unknown,
): ConfigSources {
  const variables = new Map(overrides.map(({ path, variable }) => [path.join('.'), variable]));
  return {
    file: document?.file,
    of: (path) => {
      for (let length = path.length; length > 0; length -= 1) {
        const variable = variables.get(path.slice(0, length).join('.'));
        if (variable !== undefined) return variable;
      }
      return valueAt(input, path) === undefined ? undefined : document?.placeOf(path);
    },
  };
}

/** The configuration as far as it is well-formed (wrong settings replaced by their defaults), and all that is wrong. */
function validate(input: unknown, machine: Machine, sources: ConfigSources): { config?: Config; findings: Finding[] } {
  const schema = configSchema(machine);
  const parsed = schema.safeParse(input);
  const wrong = parsed.success
    ? []
    : findingsOfIssues(parsed.error.issues, input, configJsonSchema(machine)).map(({ at, ...rest }) => ({
        at,
        finding: { ...rest, source: sources.of(at) ?? sources.of(at.slice(0, -1)) },
      }));
  const findings = wrong.map(({ finding }) => finding);
  const repaired = parsed.success
    ? parsed
    : schema.safeParse(
        withoutPaths(
          input,
          wrong.map(({ at }) => at),
        ),
      );
  if (!repaired.success) return { findings };
  const broken = breachesOf(repaired.data, (path) => valueAt(input, path) !== undefined)
    // A rule about a setting that is wrong by itself would speak of its default.
    .filter((breach) => ![breach.at, ...breach.with].some((path) => wrong.some(({ at }) => startsWith(at, path))))
    .map((breach) => findingOf(breach, sources));
  return { config: repaired.data, findings: [...findings, ...broken] };
}

function findingOf({ at, with: others, message }: Breach, sources: ConfigSources): Finding {
  const source = [at, ...others].map((path) => sources.of(path)).find((place) => place !== undefined);
  return { path: pathText(at), message, found: undefined, suggestion: undefined, source };
}

function startsWith(path: SettingPath, start: SettingPath): boolean {
  return start.every((step, index) => path[index] === step);
}

/** A copy of `input` without what stands at `paths`; a list with a wrong entry goes as a whole. */
function withoutPaths(input: unknown, paths: readonly SettingPath[]): unknown {
  const copy = structuredClone(input);
  for (const path of paths) {
    const list = path.findIndex((step) => typeof step === 'number');
    const cut = list < 0 ? path : path.slice(0, list);
    const group = valueAt(copy, cut.slice(0, -1));
    const key = cut.at(-1);
    if (isGroup(group) && key !== undefined) delete group[key];
  }
  return copy;
}

/** Puts a password of its own into the URL, as the parameter that stands above one in the URL's authority. */
function withPassword(config: Config): Config {
  const { url, password, ...database } = config.database;
  if (url === undefined || password === undefined || !isDatabaseUrl(url)) return config;
  const parameter = `${url.includes('?') ? '&' : '?'}password=${encodeURIComponent(password)}`;
  return { ...config, database: { ...database, url: url + parameter } };
}

/** Makes every path absolute: the state directory and files from the file's own, journal and MIBs from the state directory. */
function resolvePaths(config: Config, sources: ConfigSources, directory: string): Config {
  const stateDirectory = resolve(sources.of(['stateDirectory']) === undefined ? '/' : directory, config.stateDirectory);
  const journal = { ...config.journal, directory: resolve(stateDirectory, config.journal.directory) };
  const tls = resolveFiles(config.tls, directory);
  const listeners = config.listeners.map((listener) =>
    listener.transport === 'udp' || listener.tls === undefined
      ? listener
      : { ...listener, tls: resolveFiles(listener.tls, directory) },
  );
  const { credentialsFile, mibDirectory } = config.snmp;
  const snmp = {
    ...config.snmp,
    mibDirectory: resolve(stateDirectory, mibDirectory),
    ...(credentialsFile === undefined ? {} : { credentialsFile: resolve(directory, credentialsFile) }),
  };
  const [database, redis] = [resolveFiles(config.database, directory), resolveFiles(config.redis, directory)];
  const ha = config.ha && { ...config.ha, secretFile: resolve(directory, config.ha.secretFile) };
  const notify = resolveNotify(config.notify, directory);
  return {
    ...config,
    stateDirectory,
    journal,
    tls,
    listeners,
    snmp,
    database,
    redis,
    notify,
    ...(ha === undefined ? {} : { ha }),
  };
}

function resolveNotify(notify: Config['notify'], directory: string): Config['notify'] {
  const { email, webhooks } = notify;
  return {
    ...notify,
    ...(email === undefined ? {} : { email: resolveFiles(email, directory) }),
    webhooks: webhooks.map((each) => resolveFiles(each, directory)),
  };
}

/** Makes the names of files in this group absolute. */
function resolveFiles<Group extends object>(group: Group, directory: string): Group {
  const files = Object.entries(group).filter(([key, value]) => key.endsWith('File') && typeof value === 'string');
  return { ...group, ...Object.fromEntries(files.map(([key, file]) => [key, resolve(directory, String(file))])) };
}
