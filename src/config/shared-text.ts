import { Document, isMap, isPair, isScalar, type Pair, parseDocument, visit, YAMLMap } from 'yaml';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { pathText, type SettingPath } from './findings.ts';
import { MASK, maskUrl, maskWebUrl } from './mask.ts';
import { OWN_SETTINGS } from './own-settings.ts';

/** Settings are written by people; what is longer is something else. */
const MAX_TEXT_BYTES = 1 << 20;

/** Where secrets may stand in a file, and how they are shown; `*` is any key or place in a list. */
const SECRETS: readonly { readonly at: SettingPath; readonly mask: (value: string) => string }[] = [
  { at: ['database', 'url'], mask: maskUrl },
  { at: ['database', 'password'], mask: () => MASK },
  { at: ['redis', 'url'], mask: maskUrl },
  { at: ['redis', 'password'], mask: () => MASK },
  { at: ['notify', 'email', 'password'], mask: () => MASK },
  { at: ['notify', 'webhooks', '*', 'url'], mask: maskWebUrl },
  { at: ['notify', 'webhooks', '*', 'headers', '*'], mask: () => MASK },
];

/**
 * What both nodes of a pair have alike, of a node's file: its text without the settings that are the node's own, comments kept.
 * @throws DogwatchError `SETTINGS_TEXT`
 */
export function sharedText(text: string): string {
  const document = documentOf(text);
  // What stands above the first setting speaks of this file.
  document.commentBefore = null;
  removeOwn(document);
  return written(document);
}

/**
 * A node's file with other shared settings.
 * @param own text of the file as it is, of which the node's own settings stay, with their comments
 * @param shared text that `sharedText` gave, on whatever node
 * @throws DogwatchError `SETTINGS_TEXT`
 */
export function withSharedText(own: string, shared: string): string {
  const from = documentOf(own);
  const merged = documentOf(shared);
  removeOwn(merged);
  for (const path of OWN_SETTINGS.toReversed()) {
    const pair = pairAt(from, path);
    if (pair !== undefined) groupAt(merged, path.slice(0, -1)).items.unshift(pair);
  }
  merged.commentBefore = from.commentBefore;
  return written(merged);
}

/** The same text with every secret masked, for whoever may look at it. @throws DogwatchError `SETTINGS_TEXT` */
export function withoutSecrets(text: string): string {
  const document = documentOf(text);
  for (const { node, masked } of secretsOf(document)) node.value = masked;
  return written(document);
}

/**
 * A text of `withoutSecrets` with the secrets that stand in another one, as far as they are those that were masked.
 * @returns the text, and the settings whose secret is not there
 * @throws DogwatchError `SETTINGS_TEXT`
 */
export function withSecretsOf(text: string, other: string): { text: string; missing: string[] } {
  const document = documentOf(text);
  const known = new Map([...secretsOf(documentOf(other))].map((secret) => [pathText(secret.path), secret]));
  const missing: string[] = [];
  for (const { path, node, masked } of secretsOf(document)) {
    // Not a secret, such as a URL without a password.
    if (node.value !== masked || !masked.includes(MASK)) continue;
    const secret = known.get(pathText(path));
    if (secret?.masked === masked) node.value = secret.node.value;
    else missing.push(pathText(path));
  }
  return { text: written(document), missing };
}

interface Secret {
  readonly path: SettingPath;
  readonly node: { value: unknown };
  readonly masked: string;
}

function* secretsOf(document: Document): Generator<Secret> {
  const found: Secret[] = [];
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || typeof node.value !== 'string') return;
      const path = pathOf(key, ancestors);
      const secret = SECRETS.find(({ at }) => matches(at, path));
      if (secret !== undefined) found.push({ path, node, masked: secret.mask(node.value) });
    },
  });
  yield* found;
}

/** Keys and places in lists that lead to a node. @param key of the node in its parent, as `visit` tells it */
function pathOf(key: unknown, ancestors: readonly unknown[]): SettingPath {
  const path: (string | number)[] = [];
  for (const [index, ancestor] of ancestors.entries()) {
    const below: unknown = ancestors[index + 1];
    if (isPair(ancestor)) path.push(isScalar(ancestor.key) ? String(ancestor.key.value) : '');
    else if (typeof ancestor === 'object' && ancestor !== null && 'items' in ancestor && !isMap(ancestor)) {
      const { items } = ancestor;
      path.push(below === undefined ? Number(key) : Array.isArray(items) ? items.indexOf(below) : -1);
    }
  }
  return path;
}

function matches(pattern: SettingPath, path: SettingPath): boolean {
  return pattern.length === path.length && pattern.every((step, index) => step === '*' || step === path[index]);
}

/** A group of which nothing else is left goes too. */
function removeOwn(document: Document): void {
  for (const path of OWN_SETTINGS) {
    const pair = pairAt(document, path);
    if (pair === undefined) continue;
    const group = groupAt(document, path.slice(0, -1));
    group.items.splice(group.items.indexOf(pair), 1);
    if (path.length > 1 && group.items.length === 0) document.deleteIn(path.slice(0, -1));
  }
}

function pairAt(document: Document, path: SettingPath): Pair | undefined {
  const group: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const key = path.at(-1);
  return isMap(group) ? group.items.find((pair) => isScalar(pair.key) && pair.key.value === key) : undefined;
}

/** The map there; it is made where there is none. */
function groupAt(document: Document, path: SettingPath): YAMLMap {
  if (path.length === 0) {
    if (isMap(document.contents)) return document.contents;
    const root = new YAMLMap();
    document.contents = root;
    return root;
  }
  const group: unknown = document.getIn(path, true);
  if (isMap(group)) return group;
  const made = new YAMLMap();
  document.setIn(path, made);
  return made;
}

function documentOf(text: string): Document {
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) throw wrong(`longer than ${MAX_TEXT_BYTES} bytes`);
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) throw wrong(error.message);
  if (document.contents !== null && !isMap(document.contents)) throw wrong('no settings');
  // The library gives a comment above the first setting of a group to the group.
  visit(document, {
    Map(_key, group) {
      const first = group.items[0]?.key;
      if (group === document.contents || !isScalar(first) || group.flow === true) return;
      first.commentBefore ??= group.commentBefore ?? null;
      group.commentBefore = null;
    },
  });
  // Names of parts lead from shared settings into own ones, and the other way round.
  visit(document, {
    Alias() {
      throw wrong('settings that refer to others (*name) cannot be given to the other node: write them out');
    },
  });
  return document;
}

function written(document: Document): string {
  try {
    return isMap(document.contents) && document.contents.items.length > 0
      ? document.toString({ lineWidth: 0, flowCollectionPadding: false })
      : '';
  } catch (error) {
    throw wrong(messageOf(error));
  }
}

function wrong(message: string): DogwatchError {
  return new DogwatchError('SETTINGS_TEXT', `the text of the settings: ${message}`);
}
