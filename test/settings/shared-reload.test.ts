import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { loadConfig, type LoadedConfig } from '../../src/config/load.ts';
import { settingsDigest } from '../../src/pair/settings-digest.ts';
import { DogwatchError } from '../../src/runtime/errors.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { type Reloadable, Reloader } from '../../src/settings/reloader.ts';
import type { NewRevision } from '../../src/settings/revision-store.ts';
import { SettingsFile } from '../../src/settings/settings-file.ts';
import type { SettingsNews, SettingsVerdict } from '../../src/settings/settings-peer.ts';
import { SharedReload } from '../../src/settings/shared-reload.ts';
import { temporaryDirectory } from '../support/postgres.ts';

const MACHINE = { hostname: 'dw-a', stateDirectory: '/var/lib/dogwatch', privilegedPorts: false };

/** A node whose processes are replaced in an instant, and a peer that answers as the test says. */
class Node {
  readonly file: string;
  readonly given: SettingsNews[] = [];
  readonly told: string[] = [];
  readonly revisions: NewRevision[] = [];
  verdict: (news: SettingsNews) => SettingsVerdict | Promise<SettingsVerdict> = () => ({ findings: [] });
  isLed = true;
  isThere = true;
  digest: string | undefined;
  failsToStart = false;
  readonly shared: SharedReload;

  constructor(folder: string) {
    this.file = join(folder, 'dogwatch.yaml');
    this.write('10d');
    this.digest = settingsDigest(this.load().config);
    const parts: Reloadable = {
      load: () => this.load().config,
      effective: (config) => config,
      takeHere: async () => {},
      openSockets: async () => {},
      pruneSockets: async () => {},
      replaceWorkers: async () => {},
      replaceConsole: async () => {},
      replaceMaintenance: async () => {
        if (!this.failsToStart) return;
        this.failsToStart = false;
        throw new DogwatchError('SOME_CODE', 'maintenance does not start');
      },
    };
    const peer = () => ({
      name: 'dw-b',
      isLed: this.isLed,
      isThere: this.isThere,
      digest: this.digest,
      give: async (news: SettingsNews) => {
        this.given.push(news);
        return this.verdict(news);
      },
    });
    this.shared = new SharedReload(
      {
        node: 'dw-a',
        reloader: new Reloader(this.load().config, parts, silentLog),
        file: new SettingsFile(this.file),
        load: (text) => this.load(text),
        peer,
        revisions: { add: (revision) => void this.revisions.push(revision), find: async () => undefined },
        tell: (summary) => void this.told.push(summary),
      },
      silentLog,
    );
  }

  load(text?: string): LoadedConfig {
    return loadConfig({ file: this.file, environment: {}, machine: MACHINE, text });
  }

  write(flows: string): void {
    writeFileSync(this.file, `node: {name: dw-a}\nretention:\n  flows: ${flows}\n`);
  }
}

let node: Node;
beforeEach(async () => {
  node = new Node(await temporaryDirectory());
});

test('settings are tried on the other node, applied there, then here, and are a revision', async () => {
  node.write('20d');
  const outcome = await node.shared.reload('ada');
  assert.deepEqual(outcome.peer, { node: 'dw-b', state: 'in effect' });
  assert.deepEqual(
    node.given.map(({ isTrial, text, account }) => ({ isTrial, text, account })),
    [true, false].map((isTrial) => ({ isTrial, text: 'retention:\n  flows: 20d\n', account: 'ada' })),
  );
  assert.deepEqual(
    node.revisions.map(({ account, settings, note }) => [account, settings, note]),
    [['ada', 'retention:\n  flows: 20d\n', 'retention.flows: 864000000 → 1728000000']],
  );
});

test('what is refused in the trial is applied nowhere', async () => {
  node.verdict = () => ({ findings: ['tls.keyFile: is not there'] });
  node.write('20d');
  await assert.rejects(node.shared.reload('ada'), { code: 'SETTINGS_REFUSED', message: /dw-b(.|\n)*tls\.keyFile/ });
  assert.deepEqual(
    node.given.map(({ isTrial }) => isTrial),
    [true],
  );
  assert.deepEqual(node.revisions, []);
});

test('where it fails here after it was applied there, the other node goes back as well', async () => {
  node.failsToStart = true;
  node.write('20d');
  await assert.rejects(node.shared.reload('ada'), { code: 'RELOAD_FAILED' });
  const last = node.given.at(-1);
  assert.deepEqual([last?.isTrial, last?.text], [false, 'retention:\n  flows: 10d\n']);
});

test('a second reload is refused while one is under way', async () => {
  let answer: (verdict: SettingsVerdict) => void = () => {};
  node.verdict = () => new Promise((resolve) => (answer = resolve));
  node.write('20d');
  const first = node.shared.reload('ada');
  await assert.rejects(node.shared.reload('bob'), { code: 'RELOAD_BUSY' });
  assert.match(
    (await node.shared.take({ text: '', digest: '', account: '', isTrial: true })).findings.join(),
    /under way/,
  );
  node.verdict = () => ({ findings: [] });
  answer({ findings: [] });
  await first;
});

test('what a node missed is given to it once it is heard, again where it went away meanwhile, and not after it refused', async () => {
  node.isThere = false;
  node.write('20d');
  assert.deepEqual((await node.shared.reload('ada')).peer, { node: 'dw-b', state: 'away' });
  node.isThere = true;
  node.verdict = () => Promise.reject(new DogwatchError('PEER_UNREACHABLE', 'gone'));
  await node.shared.catchUp();
  node.verdict = () => ({ findings: ['no'] });
  await node.shared.catchUp();
  await node.shared.catchUp();
  assert.equal(node.given.length, 2);
  assert.match(node.told.at(-1) ?? '', /dw-b does not take/);
});

test('on the standby only what the active node has already is taken from its own file', async () => {
  node.isLed = false;
  node.write('20d');
  await assert.rejects(node.shared.reload('ada'), { code: 'SETTINGS_ELSEWHERE' });
  node.digest = settingsDigest(node.load().config);
  assert.deepEqual((await node.shared.reload('ada')).applied, ['retention.flows: 864000000 → 1728000000']);
  assert.deepEqual(node.given, []);
});

test('settings of the active node are written to the file with what is its own, and what is no good changes nothing', async () => {
  node.isLed = false;
  const text = 'retention:\n  flows: 30d\n';
  const { config } = node.load(`${text}node: {name: dw-b}\n`);
  const news = { text, digest: settingsDigest(config), account: 'ada', isTrial: false };
  const wrong = await node.shared.take({ ...news, text: 'retention: {flows: soon}\n' });
  assert.match(wrong.findings.join('\n'), /retention\.flows/);
  assert.match((await node.shared.take({ ...news, digest: 'another' })).findings.join(), /environment says otherwise/);
  assert.deepEqual(await node.shared.take(news), { findings: [] });
  assert.equal(readFileSync(node.file, 'utf8'), 'node: {name: dw-a}\nretention:\n  flows: 30d\n');
});
