import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/config/schema.ts';
import { configSchema } from '../../src/config/schema.ts';
import { DogwatchError } from '../../src/runtime/errors.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { type Reloadable, Reloader } from '../../src/settings/reloader.ts';

const MACHINE = { hostname: 'dw-a', stateDirectory: '/var/lib/dogwatch', privilegedPorts: false };

function settings(written: object): Config {
  return configSchema(MACHINE).parse(written);
}

/** A collector of which every step is written down. */
function recorded(load: () => Config, fails: (config: Config) => boolean = () => false) {
  const steps: string[] = [];
  const parts: Reloadable = {
    load,
    effective: (config) => config,
    takeHere: async () => {},
    openSockets: async ({ listeners }) => void steps.push(`open ${listeners.map(({ port }) => port).join(' ')}`),
    pruneSockets: async () => void steps.push('prune'),
    async replaceWorkers(config) {
      steps.push(`workers ${config.batch.rows}`);
      if (fails(config)) throw new DogwatchError('SOME_CODE', 'no such thing');
    },
    replaceConsole: async ({ http }) => void steps.push(`console ${http.port}`),
    replaceMaintenance: async () => void steps.push('maintenance'),
  };
  return { steps, parts };
}

test('only the process that reads a setting is replaced', async () => {
  const { steps, parts } = recorded(() => settings({ http: { port: 9000 } }));
  const outcome = await new Reloader(settings({}), parts, silentLog).reload();
  assert.deepEqual(outcome, { applied: ['http.port: 8055 → 9000'], waiting: [], replaced: ['console'] });
  assert.ok(steps.includes('console 9000'));
  assert.ok(!steps.some((step) => step.startsWith('workers')));
});

test('new sockets are open before a worker gets a successor, and old ones close afterwards', async () => {
  const listeners = [{ family: 'flow', port: 4000 }];
  const { steps, parts } = recorded(() => settings({ listeners: [{ family: 'flow', port: 4001 }] }));
  await new Reloader(settings({ listeners }), parts, silentLog).reload();
  assert.deepEqual(steps, ['open 4001', 'workers 50000', 'console 8055', 'maintenance', 'prune']);
});

test('a setting that is read at the start alone waits, and is told again until it is in effect', async () => {
  const { steps, parts } = recorded(() => settings({ workers: 2 }));
  const reloader = new Reloader(settings({ workers: 1 }), parts, silentLog);
  const waiting = ['workers: 1 → 2'];
  assert.deepEqual(await reloader.reload(), { applied: [], waiting, replaced: [] });
  assert.deepEqual(await reloader.reload(), { applied: [], waiting, replaced: [] });
  assert.deepEqual(steps, []);
});

test('a file with another node.name is refused as a whole', async () => {
  const { steps, parts } = recorded(() => settings({ node: { name: 'dw-b' }, http: { port: 9000 } }));
  const reload = new Reloader(settings({}), parts, silentLog).reload();
  await assert.rejects(reload, { code: 'RELOAD_REFUSED', message: /node\.name: "dw-a" → "dw-b"/ });
  assert.deepEqual(steps, []);
});

test('a worker that does not start with the new settings brings the former ones back', async () => {
  const isNew = ({ batch }: Config): boolean => batch.rows === 7;
  const { steps, parts } = recorded(() => settings({ batch: { rows: 7 } }), isNew);
  const reloader = new Reloader(settings({}), parts, silentLog);
  await assert.rejects(reloader.reload(), { code: 'RELOAD_FAILED', message: /no such thing/ });
  assert.deepEqual(
    steps.filter((step) => step.startsWith('workers')),
    ['workers 7', 'workers 50000'],
  );
  assert.equal(reloader.accepted.batch.rows, 50_000);
});

test('a changed password is not shown', async () => {
  const url = (password: string) => ({ redis: { url: `redis://dw:${password}@localhost:6379/0` } });
  const { parts } = recorded(() => settings(url('hush-hush')));
  const outcome = await new Reloader(settings(url('secret')), parts, silentLog).reload();
  assert.equal(outcome.applied.length, 1);
  assert.doesNotMatch(JSON.stringify(outcome), /secret|hush/);
});
