import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { findCommand } from './packages.ts';

/** A child process with everything that it said. */
export interface Tool {
  readonly child: ChildProcess;
  /** Standard output and standard error, as it came. */
  output(): string;
  /** Waits until `pattern` stands in the output. */
  says(pattern: RegExp): Promise<void>;
  exited: Promise<number | null>;
}

/** Starts a command of a Debian package; the caller waits for it or ends it. */
export function startTool(command: string, parameters: readonly string[], folder: string): Tool {
  const path = findCommand(command);
  if (path === undefined) throw new Error(`${command} is not installed`);
  // UTC, so that tools which print local time agree with us.
  const child = spawn(path, parameters, {
    cwd: folder,
    env: { ...process.env, TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exited = once(child, 'close').then(() => child.exitCode);
  return {
    child,
    output: () => text,
    exited,
    says: async (pattern) => {
      while (!pattern.test(text)) {
        if (child.exitCode !== null) throw new Error(`${command} ended before it said ${pattern}:\n${text}`);
        await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), exited]);
      }
    },
  };
}

/** Runs a command to its end, at most `limitMs`. @returns its standard output and error */
export async function runTool(
  command: string,
  parameters: readonly string[],
  folder: string,
  limitMs = 30_000,
): Promise<{ code: number | null; output: string }> {
  const tool = startTool(command, parameters, folder);
  const limit = setTimeout(() => tool.child.kill('SIGKILL'), limitMs);
  const code = await tool.exited;
  clearTimeout(limit);
  return { code, output: tool.output() };
}

/** Asks `condition` again and again, for what gives no event. @throws Error after `limitMs` */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await pause(20);
  }
}
