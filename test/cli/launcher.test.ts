import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const LAUNCHER = join(ROOT, 'src/cli/dogwatch.mjs');
const OLD_NODE = findOldNode();
const SKIP = OLD_NODE === undefined ? 'no Node older than 24 on this machine' : false;

function findOldNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((directory) => join(directory, 'node'))
    .filter((path) => existsSync(path) && !path.includes('node_modules'))
    .find((path) => Number(/v(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1]) < 24);
}

/** The launcher in a folder of its own, beside a program and with the pinned Node where asked for. */
function folderWith(context: TestContext, program: string, withNode: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'dogwatch-launcher-'));
  context.after(() => rmSync(folder, { recursive: true }));
  cpSync(LAUNCHER, join(folder, 'dogwatch.mjs'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'program.js'), `export async function main(argv) {\n${program}\n}`);
  mkdirSync(join(folder, 'node_modules'));
  if (withNode) symlinkSync(join(ROOT, 'node_modules/node'), join(folder, 'node_modules/node'));
  return join(folder, 'dogwatch.mjs');
}

function run(node: string, parameters: string[]): Promise<{ code: unknown; output: string }> {
  return new Promise((resolve) => {
    execFile(node, parameters, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }));
  });
}

test('an old Node hands over to the pinned one, with arguments and exit code', { skip: SKIP }, async (context) => {
  const launcher = folderWith(context, 'console.log(process.version, argv.slice(2)); return 7;', true);
  const { code, output } = await run(OLD_NODE ?? '', [launcher, 'a b', '--c']);
  assert.equal(output.trim(), `${process.version} [ 'a b', '--c' ]`);
  assert.equal(code, 7);
});

test('the real command answers under an old Node', { skip: SKIP }, async () => {
  assert.match((await run(OLD_NODE ?? '', [LAUNCHER, '--version'])).output, /^\d+\.\d+\.\d+\n$/);
  assert.equal((await run(OLD_NODE ?? '', [LAUNCHER, 'frobnicate'])).code, 2);
});

test('without the binary of the pinned Node an old one says what to do', { skip: SKIP }, async (context) => {
  const launcher = folderWith(context, 'return 0;', false);
  const installed = join(dirname(launcher), 'node_modules/node');
  mkdirSync(installed);
  writeFileSync(join(installed, 'package.json'), '{"name":"node","version":"24.0.0"}');
  const { code, output } = await run(OLD_NODE ?? '', [launcher]);
  assert.match(output, /"node" 24\.0\.0 is there, but its binary is not.*run "npm rebuild node"/s);
  assert.equal(code, 1);
});

test(
  'a signal to the launcher alone reaches the program, whose exit code comes back',
  { skip: SKIP },
  async (context) => {
    const program = `
    const alive = setInterval(() => {}, 1000);
    const signal = new Promise((resolve) => process.once('SIGTERM', resolve));
    console.log('ready');
    await signal;
    clearInterval(alive);
    return 5;`;
    const child = spawn(OLD_NODE ?? '', [folderWith(context, program, true)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [5, null]);
  },
);

test('a program that dies of a signal takes the launcher with it', { skip: SKIP }, async (context) => {
  const launcher = folderWith(context, "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});", true);
  const child = spawn(OLD_NODE ?? '', [launcher], { stdio: 'ignore' });
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
});

test('the newest Node runs the program in its own process', async (context) => {
  const { output } = await run(process.execPath, [folderWith(context, 'console.log(process.ppid); return 0;', false)]);
  assert.equal(output.trim(), String(process.pid));
});
