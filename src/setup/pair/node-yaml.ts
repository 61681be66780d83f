import { toYaml } from '../../config/document.ts';
import type { PairPlan } from './pair-plan.ts';

/** Where the secret lies, from the configuration's own folder. */
export const SECRET_FILE = 'pair.secret';

/** The `dogwatch.yaml` of the first (0) or second (1) node: what is shared stands alike in both. */
export function nodeYaml(plan: PairPlan, index: 0 | 1): string {
  const own = plan.nodes[index];
  const peer = plan.nodes[index === 0 ? 1 : 0];
  return [
    `# Node ${own.name} of the pair "${plan.pair}". "dogwatch config" prints every setting there is, with what it is for.`,
    '# What is marked "own" differs between the nodes; all else has to be the same on both.',
    '',
    '# Own: the name of this node.',
    lines({ node: { name: own.name } }),
    '# PostgreSQL, which both nodes reach and which runs on neither of them.',
    lines({ database: { url: plan.database } }),
    ...queueLines(plan),
    'ha:',
    ...indented([
      '# Name of the pair in the database; several pairs may share one.',
      lines({ pair: plan.pair }),
      '# Own: the address that this node keeps whatever its role.',
      lines({ address: own.address }),
      ...portLines(own.port ?? plan.port),
      '# Own: the other node.',
      lines({
        peer: {
          name: peer.name,
          address: peer.address,
          ...(peer.port === undefined && own.port === undefined ? {} : { port: peer.port ?? plan.port ?? 8056 }),
        },
      }),
      '# The secret of the link, beside this file; the same on both nodes, and for nobody else to read.',
      lines({ secretFile: SECRET_FILE }),
      '# The virtual IP: where devices send to. Whoever is active has it.',
      lines({ virtualAddresses: plan.virtualAddresses }),
      ...driverLines(plan, index),
    ]),
    '# Devices that may send; without it everyone may.',
    '# allowFrom: [192.0.2.0/24]',
    '',
  ].join('\n');
}

function queueLines({ redis, journal }: PairPlan): string[] {
  const ofRedis =
    redis === undefined
      ? []
      : [
          '# Batches wait in Redis, from where either node writes them.',
          lines({ queue: 'bullmq' }),
          lines({ redis: { url: redis } }),
        ];
  if (journal !== undefined) {
    const folder = '# Batches wait in a folder of both nodes, so that each can write what the other has left.';
    return [...ofRedis, folder, lines({ journal: { directory: journal } })];
  }
  if (redis !== undefined) return ofRedis;
  return [
    '# Batches wait in a journal on the disk of each node: what a dead node had not written comes when it is back.',
    '# With Redis (queue: bullmq) or a folder of both nodes (journal.directory) the other node writes it.',
    '',
  ];
}

function portLines(port: number | undefined): string[] {
  return port === undefined ? [] : ['# UDP and TCP port of the link between the nodes.', lines({ port })];
}

function driverLines(plan: PairPlan, index: 0 | 1): string[] {
  const { driver, command } = plan;
  const name = index === 0 ? plan.interface : plan.peerInterface;
  const how = { linux: 'by ip and arping', command: 'by a command of yours', none: 'by somebody else' }[driver];
  return [
    `# How it is moved: ${how}.`,
    lines({ driver, ...(command.length === 0 ? {} : { command }) }),
    ...(name === undefined ? [] : ['# Own: the network interface that carries it.', lines({ interface: name })]),
  ];
}

function lines(value: object): string {
  return toYaml(value);
}

function indented(blocks: readonly string[]): string[] {
  return blocks.map((block) => block.replaceAll(/^(?=.)/gm, '  '));
}
