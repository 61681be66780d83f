import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config/load.ts';
import { skipWithout } from '../support/packages.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { Terminal } from '../support/terminal.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));
const skip = skipWithout('script');

/** `dogwatch init pair` on a terminal of its own. */
function initPair(folder: string, ...flags: readonly string[]): Terminal {
  return new Terminal([process.execPath, LAUNCHER, 'init', 'pair', '--output', folder, ...flags]);
}

test(
  'a person is asked for what it takes, each wrong answer again at once, and gets the files of both nodes',
  { skip },
  async (t) => {
    const folder = await temporaryDirectory();
    const terminal = initPair(folder);
    t.after(() => terminal.end());
    const answers: readonly (readonly [RegExp, string])[] = [
      [/Name of the first node \[(\S+)\]: $/, ''],
      [/Own address of \S+.*: $/, '192.0.2.11'],
      [/Name of the second node: $/, hostname().split('.')[0] ?? ''],
      [/is the first node: .*\n.*Name of the second node: $/s, 'dw-b'],
      [/Own address of dw-b: $/, 'dw-b.example.net'],
      [/expected an address such as.*Own address of dw-b: $/s, '192.0.2.12'],
      [/Virtual IP.*: $/, '198.51.100.10/24'],
      [/198\.51\.100\.10\/24 is not in the subnet of 192\.0\.2\.11.*Virtual IP.*: $/s, '192.0.2.12'],
      [/192\.0\.2\.12 is a node's own.*Virtual IP.*: $/s, '192.0.2.10'],
      [/interface that carries it on .*: $/, 'eth0'],
      [/interface that carries it on dw-b \[eth0\]: $/, 'ens192'],
      [/Database.*: $/, 'mysql://db'],
      [/expected a URL such as postgresql.*Database.*: $/s, 'postgresql://dogwatch:secret@db.example.net/dogwatch'],
      [/Where batches wait.*\[neither\]: $/, ''],
    ];
    for (const [question, answer] of answers) await terminal.answer(question, answer);
    assert.equal(await terminal.exited, 0, terminal.text);
    assert.match(terminal.text, /dogwatch check --pair.*systemctl daemon-reload && systemctl enable --now dogwatch/s);
    const first = hostname().split('.')[0] ?? '';
    const [a, b] = [first, 'dw-b'].map(
      (name) => loadConfig({ file: join(folder, name, 'dogwatch.yaml'), environment: {} }).config.ha,
    );
    assert.deepEqual([a?.address, a?.interface, a?.virtualAddresses], ['192.0.2.11', 'eth0', ['192.0.2.10/24']]);
    assert.deepEqual([b?.address, b?.interface, b?.peer.name], ['192.0.2.12', 'ens192', first]);
    assert.equal((await stat(join(folder, 'dw-b', 'pair.secret'))).mode & 0o777, 0o600);
  },
);

test('flags are not asked for again; whoever leaves before the end has nothing written', { skip }, async (t) => {
  const folder = join(await temporaryDirectory(), 'new');
  const nodes = ['--node', 'dw-a=192.0.2.11', '--node', 'dw-b=192.0.2.12', '--interface', 'eth0'];
  const terminal = initPair(folder, ...nodes, '--peer-interface', 'eth1', '--virtual', '192.0.2.10/24');
  t.after(() => terminal.end());
  // Ctrl-D.
  await terminal.type(/^Database.*: $/, '\u0004');
  assert.notEqual(await terminal.exited, 0);
  assert.match(terminal.text, /nothing was written/);
  await assert.rejects(stat(folder), { code: 'ENOENT' });
});
