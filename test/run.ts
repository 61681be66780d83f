/**
 * `npm test`: sees to the Debian packages that the tests need, then runs every test file with Node's own runner.
 *
 *   npm test                         everything
 *   npm run test:unit                without test/integration (no packages needed)
 *   npm test -- journal sflow        the files whose path holds one of these words
 *   npm test -- --test-only          further options go to `node --test`
 *   npm run test:long                the tests of faults with many rounds, two hours at most
 *
 * Exit code: that of `node --test`; 124 when the whole run took longer than the limit.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages, missingPackages } from './support/packages.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const isLong = options.includes('--long');
const RUN_LIMIT_MS = (isLong ? 120 : 14) * 60_000;
const TEST_LIMIT_MS = (isLong ? 40 : 3) * 60_000;
/** Rounds of the tests that repeat a fault at random moments, where they are to be many. */
const LONG_ROUNDS = { CHAOS_ROUNDS: '200', ALL_FAULTS: '1', SIM_SCHEDULES: '100000', SOAK_MINUTES: '30' };
/** Options of ours, not of `node --test`. */
const OWN_OPTIONS = new Set(['--unit', '--long']);

const words = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unitOnly = options.includes('--unit');

const files = testFiles();
if (files.length === 0) {
  process.stderr.write(`no test file matches ${words.join(' ')}\n`);
  process.exit(2);
}
if (files.some(isIntegration)) await providePackages();
process.exitCode = await runTests();

function testFiles(): string[] {
  return globSync('test/**/*.test.ts', { cwd: ROOT })
    .filter((file) => !(unitOnly && isIntegration(file)))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
}

function isIntegration(file: string): boolean {
  return file.startsWith('test/integration/');
}

async function providePackages(): Promise<void> {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const names = missing.map((each) => each.name).join(' ');
  if (process.getuid?.() === 0) {
    process.stderr.write(`installing ${names} (the tests run real exporters)…\n`);
    if (await installPackages(missing)) return;
  }
  process.stderr.write(
    `Not on this machine: ${names}. The tests that need them are skipped and say so.\n` +
      `To run them too:  sudo apt-get install --no-install-recommends ${names}\n`,
  );
}

async function runTests(): Promise<number> {
  // A test file is a process of its own; integration tests run servers besides, so more files than cores only slow them down.
  const concurrency = Math.max(1, Math.min(4, availableParallelism()));
  const child = spawn(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${concurrency}`,
      `--test-timeout=${TEST_LIMIT_MS}`,
      // What a library leaves open behind its end must not hold the whole run.
      '--test-force-exit',
      ...options.filter((option) => !OWN_OPTIONS.has(option)),
      ...files,
    ],
    { cwd: ROOT, stdio: 'inherit', env: { ...(isLong ? LONG_ROUNDS : {}), ...process.env } },
  );
  let tookTooLong = false;
  const limit = setTimeout(() => {
    tookTooLong = true;
    process.stderr.write(`the test run took longer than ${RUN_LIMIT_MS / 60_000} minutes and is stopped\n`);
    child.kill('SIGTERM');
  }, RUN_LIMIT_MS);
  // The terminal sends Ctrl-C to the runner as well; it ends its own children and we report its exit.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  await once(child, 'exit');
  clearTimeout(limit);
  return tookTooLong ? 124 : (child.exitCode ?? 1);
}
