import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { timingBreaches } from '../../../ha/role/timing.ts';
import type { SettingPath } from '../findings.ts';
import type { Config } from '../schema.ts';
import { formatDuration } from '../units.ts';
import type { Breach } from './breach.ts';

type Ha = NonNullable<Config['ha']>;

/** Rules between the settings of a pair. */
export function* haBreaches(config: Config): Generator<Breach> {
  const { ha, node, database } = config;
  if (ha === undefined) return;
  if (ha.peer.name === node.name) {
    const message = `expected another name than node.name (${node.name}): the nodes of a pair are told apart by it`;
    yield { at: at('peer', 'name'), with: [['node', 'name']], message };
  }
  if (ha.peer.address === ha.address && (ha.peer.port ?? ha.port) === ha.port) {
    const message = `expected another address than ha.address (${ha.address}), or another port`;
    yield { at: at('peer', 'address'), with: [at('address')], message };
  }
  if (database.url === undefined && database.urlFile === undefined) {
    const message =
      'a pair needs a database that both nodes reach: expected database.url or database.urlFile beside it';
    yield {
      at: ['ha'],
      with: [
        ['database', 'url'],
        ['database', 'urlFile'],
      ],
      message,
    };
  }
  yield* driverBreaches(ha);
  yield* addressBreaches(ha);
  yield* listenerBreaches(config, ha);
  yield* spanBreaches(ha);
}

const SPANS = { beatMs: 'beat', leaseMs: 'lease', windowMs: 'takeoverWindow' } as const;

function* spanBreaches({ beat, lease, takeoverWindow }: Ha): Generator<Breach> {
  const breaches = timingBreaches({ beatMs: beat, leaseMs: lease, windowMs: takeoverWindow });
  for (const { setting, foundMs, leastMs, mostMs, rule } of breaches) {
    const bound =
      leastMs === undefined ? `at most ${formatDuration(mostMs ?? 0)}` : `at least ${formatDuration(leastMs)}`;
    const others = Object.values(SPANS).filter((span) => span !== SPANS[setting]);
    const message = `expected ${bound}, found ${formatDuration(foundMs)}: ${rule}`;
    yield { at: at(SPANS[setting]), with: others.map((span) => at(span)), message };
  }
}

function* driverBreaches({ driver, command, interface: name }: Ha): Generator<Breach> {
  if (driver === 'linux' && name === undefined) {
    const message = 'expected the interface that carries the virtual IP, such as eth0: ha.driver is linux';
    yield { at: at('interface'), with: [at('driver')], message };
  }
  if (driver === 'command' && command === undefined) {
    const message = 'expected the program to call, such as [/etc/dogwatch/move-address]: ha.driver is command';
    yield { at: at('command'), with: [at('driver')], message };
  }
  if (driver !== 'command' && command !== undefined)
    yield {
      at: at('command'),
      with: [at('driver')],
      message: `expected ha.driver: command beside it, found ${driver}`,
    };
}

function* addressBreaches({ virtualAddresses, address, peer, driver }: Ha): Generator<Breach> {
  for (const [index, written] of virtualAddresses.entries()) {
    const [virtual = '', length = ''] = written.split('/');
    const where = at('virtualAddresses', index);
    for (const [path, own] of [
      [at('address'), address],
      [at('peer', 'address'), peer.address],
    ] as const) {
      if (virtual === own) {
        const message = `expected another address than ${path.join('.')} (${own}): the virtual IP moves, a node's own stays`;
        yield { at: where, with: [path], message };
        continue;
      }
      const isSameFamily = isIPv4(virtual) === isIPv4(own) && isIPv6(virtual) === isIPv6(own);
      if (driver !== 'linux' || !isSameFamily || isWithin(own, virtual, Number(length))) continue;
      const message = `expected an address in the subnet of ${path.join('.')} (${own}), found ${written}`;
      yield { at: where, with: [path], message };
    }
    if (virtualAddresses.findIndex((other) => other.split('/')[0] === virtual) < index)
      yield { at: where, with: [], message: `expected each address once, found ${virtual} again` };
  }
}

/** A listener on another address than the virtual IP would hear the node's own, whatever its role. */
function* listenerBreaches({ listeners }: Config, { virtualAddresses }: Ha): Generator<Breach> {
  const virtual = virtualAddresses.map((written) => written.split('/')[0]);
  for (const [index, { address }] of listeners.entries()) {
    if (['::', '0.0.0.0', ...virtual].includes(address)) continue;
    const message = `expected :: (all of the virtual IP) or one of ha.virtualAddresses (${virtual.join(', ')}), found ${address}`;
    yield { at: ['listeners', index, 'address'], with: [at('virtualAddresses')], message };
  }
}

/** Whether `address` is in the network of `network`, which is of the same family. */
export function isWithin(address: string, network: string, length: number): boolean {
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, length, family);
  return list.check(address, family);
}

function at(...path: (string | number)[]): SettingPath {
  return ['ha', ...path];
}
