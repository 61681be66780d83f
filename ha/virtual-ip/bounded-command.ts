import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

export interface CommandOptions {
  /** Killed after that, with all that it started. */
  readonly limitMs: number;
  /** Written to its standard input, which is closed then. */
  readonly input?: string;
  /** Instead of this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Ends it before its time. */
  readonly signal?: AbortSignal;
  /** Called with all that it has printed so far, each time that there is more. */
  readonly onOutput?: (stdout: string) => void;
}

export interface CommandResult {
  /** Its exit code; undefined: it could not be started, was ended by a signal, or by us. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it did not end by itself, for the reader. */
  readonly trouble: string | undefined;
}

const MAX_OUTPUT = 256 << 10;
/** How long a process that was killed is waited for. */
const DEATH_MS = 200;

/**
 * Runs a command in a process group of its own. Resolves 0.2 s after `limitMs` at the latest, also where the command (or what it left behind) does
 * not die; never rejects.
 */
export function runBounded(
  path: string,
  parameters: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  if (options.signal?.aborted === true) return Promise.resolve(notRun('it was not wanted any more'));
  // Without file descriptors to spare it has no streams, only an error.
  const child: ChildProcess = spawn(path, parameters, {
    detached: true, // a group of its own, for `kill`
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.environment ?? { PATH: process.env['PATH'], LC_ALL: 'C' },
  });
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  let stdout = '';
  let stderr = '';
  const finish = (code: number | undefined, trouble: string | undefined) => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
    resolve({ code, stdout, stderr, trouble });
  };
  let killedFor: string | undefined;
  const kill = (why: string) => {
    killedFor ??= why;
    killGroup(child.pid);
    // What it does must be over when the caller goes on, but a process that is stuck in the kernel does not die.
    child.unref();
    clearTimeout(timer);
    timer = setTimeout(() => finish(undefined, why), DEATH_MS);
  };
  const abort = () => kill('it was not wanted any more');
  let timer = setTimeout(() => kill(`it took longer than ${options.limitMs} ms`), options.limitMs);
  options.signal?.addEventListener('abort', abort, { once: true });
  child.stdout?.on('data', (chunk: Buffer) => {
    if (stdout.length < MAX_OUTPUT) stdout += chunk.toString();
    options.onOutput?.(stdout);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    if (stderr.length < MAX_OUTPUT) stderr += chunk.toString();
  });
  child.on('error', (error) => finish(undefined, error.message));
  child.on('close', (code, signal) =>
    finish(code ?? undefined, killedFor ?? (signal === null ? undefined : `ended by ${signal}`)),
  );
  child.stdin?.on('error', () => {}); // it ended without reading: its exit code tells
  child.stdin?.end(options.input ?? '');
  return promise;
}

/** The absolute path of a system command; daemons' folders are looked into as well. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  return folders
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => `${folder}/${name}`)
    .find(isExecutable);
}

/** What went wrong, in one line. */
export function describeFailure(result: CommandResult): string {
  const said = result.stderr.trim() === '' ? result.stdout.trim() : result.stderr.trim();
  const how = result.trouble ?? `it ended with code ${result.code}`;
  return said === '' ? how : `${said.split('\n').join('; ').slice(0, 500)} (${how})`;
}

function notRun(trouble: string): CommandResult {
  return { code: undefined, stdout: '', stderr: '', trouble };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
