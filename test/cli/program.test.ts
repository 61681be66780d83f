import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { commandTree } from '../../src/cli/completion/tree.ts';
import { bashCompletion } from '../../src/cli/completion/bash.ts';
import { zshCompletion } from '../../src/cli/completion/zsh.ts';
import { createProgram } from '../../src/cli/program.ts';

const LAUNCHER = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'src/cli/dogwatch.mjs');
const TREE = commandTree(createProgram());

function dogwatch(...parameters: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const environment = { PATH: process.env['PATH'] ?? '', HOME: tmpdir() };
  return new Promise((resolve) => {
    execFile(process.execPath, [LAUNCHER, ...parameters], { env: environment, cwd: tmpdir() }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test('every command has a summary, and help with examples', () => {
  const visit = (command: Command, path: string): void => {
    assert.notEqual(command.summary(), '', path);
    for (const child of command.commands) visit(child, `${path} ${child.name()}`);
    if (command.commands.length > 0) return;
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    assert.match(help, /Examples:/, path);
    assert.ok(help.includes(path), path);
  };
  for (const command of createProgram().commands) visit(command, `dogwatch ${command.name()}`);
});

test('the exit codes are in the help of the program', async () => {
  const { code, out } = await dogwatch('--help');
  assert.equal(code, 0);
  for (const exit of ['0 ', '1 ', '2 ', '3 ', '130 ']) assert.match(out, new RegExp(`^ {2}${exit} +\\w`, 'm'));
});

test('a wrong command and a wrong option exit with 2 and a suggestion', async () => {
  const command = await dogwatch('statsu');
  assert.equal(command.code, 2);
  assert.match(command.err, /unknown command 'statsu'.*Did you mean status\?/s);
  const option = await dogwatch('config', '--schem');
  assert.equal(option.code, 2);
  assert.match(option.err, /Did you mean --schema\?/);
});

test('a wrong configuration exits with 2 and names the place, without a stack unless --debug', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'dogwatch-program-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'x.yaml'), 'batch: {rows: 0}\n');
  const { code, err } = await dogwatch('config', '--config', join(folder, 'x.yaml'));
  assert.equal(code, 2);
  assert.match(
    err,
    /^dogwatch: the configuration is wrong\n {2}x\.yaml:1: batch\.rows: expected a whole number from 1/,
  );
  assert.doesNotMatch(err, /^\s+at /m);
  assert.match(
    (await dogwatch('config', '--config', join(folder, 'x.yaml'), '--debug')).err,
    /CONFIG_INVALID[^]*^\s+at /m,
  );
  assert.equal((await dogwatch('config', '--config', join(folder, 'missing.yaml'))).code, 2);
});

test('config prints YAML, JSON and JSON Schema', async () => {
  assert.match((await dogwatch('config')).out, /^ {2}age: 250ms$/m);
  assert.equal(Reflect.get(JSON.parse((await dogwatch('config', '--json')).out), 'runAs'), 'dogwatch');
  assert.equal(Reflect.get(JSON.parse((await dogwatch('config', '--schema')).out), 'type'), 'object');
});

test('bash completes commands, options, values and files from the script', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'dogwatch-completion-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'my.yaml'), '');
  const script = bashCompletion(TREE);
  execFileSync('bash', ['-n'], { input: script });
  const complete = (...words: string[]) => {
    const line = words.map((word) => `'${word}'`).join(' ');
    const ask = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _dogwatch; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const options = { input: ask, encoding: 'utf8', cwd: folder } as const;
    return execFileSync('bash', ['--norc', '--noprofile'], options).trim().split('\n');
  };
  assert.deepEqual(complete('dogwatch', 'sta'), ['status']);
  assert.deepEqual(complete('dogwatch', 'config', '--s'), ['--schema']);
  assert.deepEqual(complete('dogwatch', 'completion', ''), ['bash', 'zsh']);
  assert.deepEqual(complete('dogwatch', 'run', '--config', 'm'), ['my.yaml']);
  assert.deepEqual(complete('dogwatch', 'run', '--config', 'my.yaml', '--js'), ['--json']);
});

test('zsh accepts its script', (context) => {
  const script = zshCompletion(TREE);
  for (const { path } of TREE) assert.ok(script.includes(`'${path}'`), path);
  try {
    execFileSync('zsh', ['-n', '-c', script]);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return context.skip('zsh is not installed');
    throw error;
  }
});
