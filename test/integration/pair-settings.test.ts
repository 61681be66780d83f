import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LoopbackPair } from '../support/loopback-pair.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));
const NAMES = ['dw-a', 'dw-b'] as const;
type Index = 0 | 1;

/** What these tests look at, or change, of a file. */
interface Written {
  readonly node: { readonly name: string };
  readonly retention: { flows: string };
  readonly database: { passwordFile?: string };
  readonly notify: { readonly webhooks: readonly { readonly url: string }[] };
}

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

describe('settings of a pair', () => {
  let pair: LoopbackPair;
  let folder = '';

  before(async () => {
    const database = await startTestDatabase();
    folder = await temporaryDirectory();
    const settings = {
      retention: { flows: '20d' },
      notify: { webhooks: [{ name: 'chat', url: 'https://example.org/hush' }] },
    };
    pair = await LoopbackPair.start({ folder, databaseUrl: database.connectionString, settings });
  });
  after(() => pair.kill());

  const fileOf = (node: Index): string => join(folder, NAMES[node], 'dogwatch.yaml');
  /** JSON is YAML as well. */
  const read = async (node: Index): Promise<Written> => JSON.parse(await readFile(fileOf(node), 'utf8'));
  const edit = async (node: Index, change: (settings: Written) => void): Promise<void> => {
    const settings = await read(node);
    change(settings);
    await writeFile(fileOf(node), JSON.stringify(settings));
  };
  const keepFlows = (node: Index, time: string): Promise<void> =>
    edit(node, (settings) => {
      settings.retention.flows = time;
    });
  const ask = (node: Index, ...parameters: string[]): Promise<Answer> =>
    new Promise((resolve) => {
      const all = [LAUNCHER, ...parameters, '--config', fileOf(node)];
      execFile(process.execPath, all, (error, out, said) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, error: said }),
      );
    });
  const nodes = async (): Promise<{ active: Index; standby: Index }> => {
    const active = await pair.active();
    return { active, standby: active === 0 ? 1 : 0 };
  };

  test('a reload on the active node reaches the other one, which keeps what is its own', async () => {
    const { active, standby } = await nodes();
    await keepFlows(active, '21d');
    const { code, out, error } = await ask(active, 'reload');
    assert.equal(code, 0, error);
    assert.match(out, /retention\.flows: 1728000000 → 1814400000/);
    assert.match(out, new RegExp(`In effect on ${NAMES[standby]} as well`));
    const { node, retention } = await read(standby);
    assert.deepEqual([node.name, retention.flows], [NAMES[standby], '21d']);
    assert.match(await readFile(`${fileOf(standby)}.before`, 'utf8'), /"20d"/);
    await pair.isWell();
  });

  test('what the other node does not take is refused here as well, with its reason', async () => {
    const { active, standby } = await nodes();
    // Named from the folder of the file on, so that the other node has none.
    await writeFile(join(folder, NAMES[active], 'password'), 'secret', { mode: 0o600 });
    await edit(active, (settings) => {
      settings.database.passwordFile = 'password';
    });
    const { code, error } = await ask(active, 'reload');
    assert.equal(code, 1);
    assert.match(error, new RegExp(`${NAMES[standby]} does not take these settings(?:.|\n)*database[.]passwordFile`));
    assert.equal((await read(standby)).database.passwordFile, undefined);
    await edit(active, (settings) => {
      delete settings.database.passwordFile;
    });
    assert.match((await ask(active, 'reload')).out, /Nothing has changed/);
  });

  test('on the standby, settings of both are refused, its own are reloaded', async () => {
    const { active, standby } = await nodes();
    await keepFlows(standby, '30d');
    const refused = await ask(standby, 'reload');
    assert.equal(refused.code, 1);
    assert.match(refused.error, new RegExp(`change them on ${NAMES[active]}`));
    await keepFlows(standby, '21d');
    assert.equal((await ask(standby, 'reload')).code, 0);
  });

  test('a rollback is a reload on both, a revision of its own, and keeps secrets that revisions do not have', async () => {
    const { active, standby } = await nodes();
    const history = async (): Promise<{ revision: number; note: string; settings: string }[]> => {
      const { out } = await ask(active, 'config', 'history', '--json');
      return out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    const before = await history();
    assert.deepEqual(
      before.map(({ revision }) => revision),
      [2, 1],
    );
    assert.ok(before.every(({ settings }) => !settings.includes('hush')));
    assert.match((await ask(active, 'config', 'diff', '1')).out, /retention\.flows: "20d" → "21d"/);
    const back = await ask(active, 'config', 'rollback', '1');
    assert.equal(back.code, 0, back.error);
    for (const node of [active, standby]) {
      const { retention, notify } = await read(node);
      assert.deepEqual([retention.flows, notify.webhooks[0]?.url], ['20d', 'https://example.org/hush']);
    }
    await eventually('the rollback is a revision', async () => (await history()).length === 3);
    assert.match((await history())[0]?.note ?? '', /back to revision 1/);
  });

  test('a node that was away is given what it missed, when it is back', async () => {
    const { active, standby } = await nodes();
    await pair.stopNode(standby);
    await keepFlows(active, '23d');
    const { out } = await ask(active, 'reload');
    assert.match(out, new RegExp(`${NAMES[standby]} is away`));
    await pair.startNode(standby);
    await pair.isWell();
    assert.equal((await read(standby)).retention.flows, '23d');
  });
});
