import { toYaml } from '../../config/document.ts';
import { ConfigError } from '../../config/findings.ts';
import type { Config } from '../../config/schema.ts';
import { formatRate } from '../../config/schema/texts.ts';
import { SECRET_FILE } from '../pair/node-yaml.ts';
import { checkFiles, type SetupFile } from '../setup-file.ts';
import type { PairOffer } from './offer.ts';

/** What is the second node's own. */
export interface OwnSettings {
  readonly name: string;
  readonly address: string;
  readonly interface: string | undefined;
}

export interface JoinedFiles {
  readonly files: readonly SetupFile[];
  /** What they are, checked. */
  readonly config: Config;
  /** Files that they name, and that are not here. */
  readonly missing: readonly string[];
}

/**
 * The second node's files: what the first one has, with this node's own settings.
 * @throws ConfigError with everything that is wrong
 */
export function joinedFiles(offer: PairOffer, own: OwnSettings): JoinedFiles {
  const secret: SetupFile = { path: SECRET_FILE, text: `${offer.secret}\n`, mode: 0o600 };
  const files = [{ path: 'dogwatch.yaml', text: joinedYaml(offer, own), mode: 0o600 }, secret];
  try {
    return { files, config: checkFiles(files, 'dogwatch.yaml'), missing: [] };
  } catch (error) {
    if (!(error instanceof ConfigError) || error.usable === undefined) throw error;
    // Files that the configuration names are this machine's affair, and can be copied later.
    if (error.findings.some(({ path }) => !path.endsWith('File'))) throw error;
    return { files, config: error.usable, missing: error.findings.map(({ path, message }) => `${path}: ${message}`) };
  }
}

function joinedYaml({ shared, first, second, version, journalDirectory }: PairOffer, own: OwnSettings): string {
  const { ha, journal, ...others } = shared;
  const port = second.port ?? first.port;
  const ofPair = {
    address: own.address,
    port,
    peer: { name: first.name, address: first.address, ...(first.port === port ? {} : { port: first.port }) },
    secretFile: SECRET_FILE,
    ...(own.interface === undefined ? {} : { interface: own.interface }),
  };
  const ofJournal = { ...group(journal), ...(journalDirectory === undefined ? {} : { directory: journalDirectory }) };
  return [
    `# Node ${own.name}, joined to ${first.name}, which ran dogwatch ${version}. Durations are milliseconds, sizes bytes.`,
    '# This node\'s own settings come first; what follows is the same on both nodes. "dogwatch config" explains every setting.',
    '',
    toYaml({ node: { name: own.name } }),
    '# The first five are own, the rest is shared.',
    toYaml({ ha: { ...ofPair, ...group(ha) } }),
    '# Shared: as in effect on the first node, as far as it is not the default.',
    toYaml(asWritten(withoutDefaults({ ...others, journal: ofJournal }, defaults()))),
  ].join('\n');
}

/** What the loader gives where nothing is said; listeners depend on the machine and are always written. */
function defaults(): Record<string, unknown> {
  const { listeners: _, ...rest } = checkFiles([{ path: 'dogwatch.yaml', text: '', mode: 0o600 }], 'dogwatch.yaml');
  return rest;
}

/** Leaves out what is equal to its default, group by group. */
function withoutDefaults(given: Record<string, unknown>, usual: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(given).flatMap(([key, value]) => {
    if (JSON.stringify(value) === JSON.stringify(usual[key])) return [];
    if (!isGroup(value) || !isGroup(usual[key])) return [[key, value] as const];
    const below = withoutDefaults(value, usual[key]);
    return Object.keys(below).length === 0 ? [] : [[key, below] as const];
  });
  return Object.fromEntries(kept);
}

/** Rates of messages as people write them; of all else the value itself can be read again. */
function asWritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asWritten);
  if (!isGroup(value)) return value;
  const { messages, perMs } = value;
  if (typeof messages === 'number' && typeof perMs === 'number') return formatRate({ messages, perMs });
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, asWritten(below)]));
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function group(value: unknown): Record<string, unknown> {
  return isGroup(value) ? value : {};
}
