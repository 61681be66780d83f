import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { CollectorStatus } from '../../src/console/status.ts';
import { chooseScreen } from '../../src/cli/run/run-screen.ts';
import { exampleStatus } from '../support/example-status.ts';

const MODULES = new URL('../../src/cli/run/', import.meta.url);

/**
 * A process that runs `runCollector` with a collector made for the test.
 * @param stop what its `stop` does, as code; `status` may be changed
 */
function startRun(context: TestContext, stop: string, json = true): ChildProcessWithoutNullStreams {
  const code = `
    const { runCollector } = await import('${MODULES.href}run-collector.ts');
    const { chooseScreen } = await import('${MODULES.href}run-screen.ts');
    let status = ${JSON.stringify(exampleStatus())};
    const alive = setInterval(() => {}, 1000);
    const abandon = () => process.stdout.write('abandoned');
    const collector = { start: async () => {}, status: () => status, stop: async () => { ${stop} }, abandon };
    const screen = chooseScreen({ out: process.stdout, err: process.stderr }, ${json}, 'http://127.0.0.1:8055');
    process.exitCode = await runCollector(collector, screen);
    clearInterval(alive);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code]);
  context.after(() => child.kill('SIGKILL'));
  return child;
}

/** Reads standard output until `pattern` stands in it. */
async function says(child: ChildProcessWithoutNullStreams, pattern: RegExp): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (pattern.test(text)) return text;
  }
  throw new Error(`ended before it said ${pattern}: ${text}`);
}

test('the first signal drains, reports what was drained and exits with 0', async (context) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const drain = 'status = { ...status, writer: { ...status.writer, rows: status.writer.rows + 1234 } };';
    const child = startRun(context, drain, false);
    await says(child, /is collecting/);
    child.kill(signal);
    assert.match(await says(child, /records were received/), /drained 1,234 rows into the database, nothing is left/);
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  }
});

test('the echo of a signal is taken for the same one', async (context) => {
  const child = startRun(context, 'await new Promise((resolve) => setTimeout(resolve, 200));');
  await says(child, /"started"/);
  child.kill('SIGINT');
  child.kill('SIGTERM');
  await says(child, /"stopped"/);
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('a second signal ends at once with 130, and takes along what would outlive the process', async (context) => {
  const child = startRun(context, 'await new Promise(() => {});');
  await says(child, /"started"/);
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  await says(child, /"stopping"/);
  const abandoned = says(child, /abandoned/);
  const beganAtMs = performance.now();
  while (child.exitCode === null && performance.now() - beganAtMs < 5000) {
    child.kill('SIGINT');
    await pause(50);
  }
  assert.deepEqual(await exited, [130, null]);
  await abandoned;
});

test('with --json every line of standard output is an object with its event', async (context) => {
  const child = startRun(context, '');
  const output = says(child, /"stopped".*\n/);
  await once(child.stdout, 'readable');
  child.kill('SIGTERM');
  const events = (await output)
    .trim()
    .split('\n')
    .map((line): unknown => Reflect.get(JSON.parse(line), 'event'));
  assert.deepEqual(events, ['started', 'stopping', 'stopped']);
});

/** What a screen writes for a person at a terminal of this width. */
function terminal(columns: number) {
  let text = '';
  const stream = { columns, isTTY: true, write: (chunk: string) => (text += chunk) };
  const screen = chooseScreen({ out: stream, err: stream }, false, 'http://127.0.0.1:8055');
  return { screen, text: () => text };
}

test('the welcome names every listener, the database, the HTTP address, and how to send something', () => {
  const { screen, text } = terminal(100);
  screen.started(exampleStatus());
  for (const expected of [
    'flow on :: UDP port 2055',
    'psql -h /run/dw dogwatch',
    'http://127.0.0.1:8055/metrics',
    'npx dogwatch send flows --to 127.0.0.1:2055',
    'syslog on :: TCP port 5514',
    'npx dogwatch logs --follow',
  ]) {
    assert.ok(text().includes(expected), expected);
  }
  assert.doesNotMatch(text(), /sysctl/);
});

test('a receive buffer smaller than wanted is warned of with the exact sysctl', () => {
  const { screen, text } = terminal(100);
  const status = exampleStatus();
  const small = status.listeners.map((listener) => ({ ...listener, receiveBufferBytes: 212_992 }));
  screen.started({ ...status, listeners: small });
  assert.match(text(), /^ {2}sudo sysctl -w net\.core\.rmem_max=8388608$/m);
  assert.match(text(), /\/etc\/sysctl\.d\/90-dogwatch\.conf/);
});

test('the live line fits every width, and troubles come before what is merely of interest', () => {
  const status: CollectorStatus = { ...exampleStatus(), flow: { ...exampleStatus().flow, undecodable: 7 } };
  for (const columns of [20, 60, 100, 200]) {
    const { screen, text } = terminal(columns);
    screen.sample(status, { received: 1500, records: 45_000, stored: 44_999.6 });
    const line = text().replace('\r\u001B[K', '');
    assert.ok(line.length < columns, `${columns}: ${line}`);
    assert.equal(text().includes('7 undecodable'), columns >= 100);
    assert.ok(line.startsWith('1,500 received/s'));
    assert.equal(line.includes('45K records/s  45K stored/s'), columns >= 60);
  }
});

test('a terminal that does not know its width counts as one of 80 columns', () => {
  const { screen, text } = terminal(0);
  screen.sample(exampleStatus(), { received: 1, records: 2, stored: 3 });
  assert.match(text(), /3 stored\/s/);
});

test('a log line scrolls above the live line in words', () => {
  const { screen, text } = terminal(200);
  screen.sample(exampleStatus(), { received: 1, records: 2, stored: 3 });
  screen.log(
    `${JSON.stringify({ level: 40, time: '2026-11-22T10:00:00Z', msg: 'too small', port: 2055, remedy: 'sysctl x' })}\n`,
  );
  const above = text().split('\r\u001B[K').at(-1) ?? '';
  assert.match(above, /^\d\d:\d\d:\d\d warn {2}too small port=2055\n {9}sysctl x\n1 received\/s/);
});
