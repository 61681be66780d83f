import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

const LIMIT_MS = 10_000;

/**
 * Runs a command of the system to its end.
 * @returns its standard output
 * @throws Error with what it said
 */
export function run(command: string, ...parameters: string[]): Promise<string> {
  return runWithin(LIMIT_MS, command, ...parameters);
}

/** The same with a limit of its own. */
export async function runWithin(limitMs: number, command: string, ...parameters: string[]): Promise<string> {
  const child = spawn(command, parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'close');
  if (child.exitCode === 0) return stdout;
  throw new Error(
    `${command} ${parameters.join(' ')} ended with ${child.exitCode ?? child.signalCode}: ${stderr.trim()}`,
  );
}

/** The same for what has to be done while the process ends, and whatever comes of it. */
export function runNow(command: string, ...parameters: string[]): string {
  return spawnSync(command, parameters, { encoding: 'utf8', timeout: LIMIT_MS }).stdout ?? '';
}

/** Why no lab can be made here, for a test's `skip`; false where it can. */
export function whyNoNamespaces(): string | false {
  if (process.platform !== 'linux') return 'needs Linux: network namespaces';
  if (process.geteuid?.() !== 0) return 'needs root: network namespaces';
  const probe = spawnSync('unshare', ['--net', 'ip', 'link', 'add', 'x', 'type', 'veth'], { encoding: 'utf8' });
  if (probe.status === 0) return false;
  return `the system makes no network namespaces: ${probe.error?.message ?? probe.stderr.trim()}`;
}
