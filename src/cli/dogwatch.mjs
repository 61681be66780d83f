#!/usr/bin/env node
// The `dogwatch` command. Plain JavaScript that Node 18 understands: on a Node older than the program needs, it starts
// itself again with the Node that the npm package `node` brought along.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  keepCompiled();
  // A published package holds compiled files: Node strips no types below node_modules.
  const compiled = new URL('program.js', import.meta.url);
  const { main } = await import(existsSync(compiled) ? compiled.href : new URL('program.ts', import.meta.url).href);
  process.exitCode = await main(process.argv);
} else {
  const node = bundledNode();
  if (node !== undefined) startAgain(node);
}

/** Keeps compiled code in the user's cache folder: commands and processes of the collector start a third sooner. */
function keepCompiled() {
  const { HOME, XDG_CACHE_HOME = HOME && join(HOME, '.cache'), NODE_COMPILE_CACHE } = process.env;
  if (!XDG_CACHE_HOME || NODE_COMPILE_CACHE !== undefined) return;
  const folder = join(XDG_CACHE_HOME, 'dogwatch');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // What lies there is run: nobody else may be able to put it there.
    const { uid, mode } = statSync(folder);
    if (uid !== process.getuid() || (mode & 0o022) !== 0) return;
  } catch {
    return;
  }
  module.enableCompileCache(folder);
  // The collector's own processes are started without this file.
  process.env.NODE_COMPILE_CACHE = folder;
}

/** The pinned Node, or undefined after saying what is missing. */
function bundledNode() {
  const version = process.versions.node;
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const node = join(dirname(manifest), 'bin', 'node');
    if (existsSync(node)) return node;
    const pinned = JSON.parse(readFileSync(manifest, 'utf8')).version;
    complain(`the package "node" ${pinned} is there, but its binary is not: its install script did not run`);
    complain('run "npm rebuild node" in the folder of dogwatch, or start it with Node 24 or newer');
  } catch {
    complain(`Node ${NEEDED_MAJOR} or newer is needed, this is ${version}, and the package "node" is not installed`);
    complain('run "npm install" in the folder of dogwatch (without --omit or --ignore-scripts), or install Node 24');
  }
  process.exitCode = 1;
  return undefined;
}

function complain(line) {
  process.stderr.write(`dogwatch: ${line}\n`);
}

/** Runs this command with `node`; ends as it ends. */
function startAgain(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to parent and child alike, a supervisor to the parent alone. Which of them it was cannot be
  // told, so everything is passed on; the program takes a signal that comes twice within moments as one.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  const passOn = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, passOn);
  child.on('error', (error) => {
    complain(`cannot start ${node}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    for (const each of signals) process.off(each, passOn);
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    process.exitCode = 128 + (constants.signals[signal] ?? 0);
    process.kill(process.pid, signal);
  });
}
