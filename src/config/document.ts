import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, parse, parseDocument, stringify, type Node } from 'yaml';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { ConfigError, type SettingPath } from './findings.ts';

/** A configuration file as it was read. The door to `yaml`. */
export interface ConfigDocument {
  /** Absolute. */
  readonly file: string;
  /** Relative paths in the file start here. */
  readonly directory: string;
  readonly content: unknown;
  /** `dogwatch.yaml:12` for a setting, or for the nearest one above it; undefined when the path begins nowhere here. */
  placeOf(path: SettingPath): string | undefined;
}

/**
 * Reads a YAML 1.2 file.
 * @param text what it would hold, in place of what it holds
 * @throws DogwatchError `CONFIG_UNREADABLE`
 * @throws ConfigError when it is not YAML, naming every place
 */
export function readDocument(path: string, text?: string): ConfigDocument {
  const file = resolve(path);
  const name = basename(file);
  const lines = new LineCounter();
  const document = parseDocument(text ?? readText(file), { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => ({
        path: '',
        message: `not valid YAML: ${error.message}`,
        found: undefined,
        suggestion: undefined,
        source: `${name}:${lines.linePos(error.pos[0]).line}`,
      })),
    );
  }
  return {
    file,
    directory: dirname(file),
    content: document.toJS({ maxAliasCount: 100 }) as unknown,
    placeOf: (path) => {
      const offset = offsetOf(document.contents, path);
      return offset === undefined ? undefined : `${name}:${lines.linePos(offset).line}`;
    },
  };
}

/** A value written as YAML flow or scalar: `5`, `[a, b]`, `{a: 1}`. Text that is not YAML is taken as it is. */
export function parseValue(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The settings that a text writes, unchecked; undefined where there are none. @throws when it is no YAML */
export function parseSettings(text: string): unknown {
  return parse(text) as unknown;
}

/** YAML of a plain value, two spaces a level, no line folded. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new DogwatchError('CONFIG_UNREADABLE', `cannot read the configuration: ${messageOf(error)}`, {
      cause: error,
      remedy: 'Name another file with --config, or leave it out: every setting has a default.',
    });
  }
}

/** Offset of the key (or list entry) that `path` names, or of the deepest one on the way that exists. */
function offsetOf(root: Node | null, path: SettingPath): number | undefined {
  let node: unknown = root;
  let offset: number | undefined;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      const item = node.items[step];
      if (!isMap(item) && !isSeq(item) && !isScalar(item)) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else {
      break;
    }
  }
  return offset;
}
