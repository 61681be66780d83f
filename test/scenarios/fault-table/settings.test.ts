import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { readDocument } from '../../../src/config/document.ts';
import { skipWithout } from '../../support/packages.ts';
import { whyNoNamespaces } from '../lab/ip.ts';
import { Lab, VIRTUAL_IP } from '../lab/lab.ts';
import type { NodeProcess } from '../lab/node-process.ts';
import { RunningPair } from '../lab/running-pair.ts';
import { assertNothingLost, withTraffic } from './with-traffic.ts';

const onlyLong = process.env['ALL_FAULTS'] === undefined && 'only in npm run test:long';
const skip = onlyLong || whyNoNamespaces() || skipWithout('ip', 'bridge', 'arping');
const SECOND_IP = '10.77.0.101';

function isWritten(settings: unknown): settings is { readonly ha: object } {
  return typeof settings === 'object' && settings !== null && 'ha' in settings && typeof settings.ha === 'object';
}

describe('the virtual IP is changed while the pair runs', { skip }, () => {
  let lab: Lab;
  let pair: RunningPair;

  before(async () => {
    lab = await Lab.start();
    pair = await RunningPair.start(lab);
  });
  after(() => lab?.remove());

  const reloadWith = async (node: NodeProcess, ...virtualAddresses: string[]): Promise<string> => {
    const { content: settings } = readDocument(node.configFile);
    assert.ok(isWritten(settings));
    await writeFile(node.configFile, JSON.stringify({ ...settings, ha: { ...settings.ha, virtualAddresses } }));
    return node.command('reload');
  };
  /** By the reports of the workers, which are up to a second old. */
  const listensOn = (node: NodeProcess, expected: readonly string[]): Promise<void> =>
    pair.until(`${node.host.name} listens on ${expected.join(' and ')} alone`, async () => {
      const { listeners = [] } = (await pair.collector(node)) ?? {};
      const found = new Set(listeners.map(({ address }) => address).filter((address) => !address.includes(':')));
      return isDeepStrictEqual([...found].toSorted(), expected);
    });
  const addressesOf = ({ host }: NodeProcess): Promise<string> =>
    host.ip('-o', 'address', 'show', 'dev', host.interface);

  test('another netmask is there on the active node at once, and on the other one after a switchover', async () => {
    const active = await pair.recover();
    const standby = pair.other(active);
    const outcomes = await withTraffic(pair, ['netflow9'], async () => {
      const said = await reloadWith(active, `${VIRTUAL_IP}/25`);
      assert.match(said, /ha\.virtualAddresses\[0\]: .* → "10\.77\.0\.100\/25"/);
      assert.match(await addressesOf(active), /inet 10\.77\.0\.100\/25 /);
      assert.doesNotMatch(await addressesOf(active), /inet 10\.77\.0\.100\/24 /);
      await pair.isWell();
      await active.command('switchover');
      await pair.becomes(standby, 'active');
      assert.match(await addressesOf(standby), /inet 10\.77\.0\.100\/25 /);
    });
    assertNothingLost(outcomes);
  });

  test('one more address is held, announced and listened on; without it nobody has it', async () => {
    const active = await pair.recover();
    const outcomes = await withTraffic(pair, ['netflow9'], async () => {
      await reloadWith(active, `${VIRTUAL_IP}/25`, `${SECOND_IP}/25`);
      await pair.isOwnedBy(active.host, SECOND_IP);
      await listensOn(active, [VIRTUAL_IP, SECOND_IP]);
      await reloadWith(active, `${VIRTUAL_IP}/25`);
      assert.equal((await pair.owners(SECOND_IP)).size, 0);
      await listensOn(active, [VIRTUAL_IP]);
    });
    assertNothingLost(outcomes);
  });
});
