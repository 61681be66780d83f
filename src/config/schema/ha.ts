import { isIP } from 'node:net';
import { z } from 'zod';
import { duration, port, prefix } from '../values.ts';

const nodeName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
  error: 'expected letters, digits, ".", "_" and "-", up to 63 characters',
});

const hostAddress = z
  .string()
  .refine((text) => isIP(text) !== 0 && !['::', '0.0.0.0'].includes(text), {
    error: 'expected one IPv4 or IPv6 address, such as 192.0.2.11',
  })
  .meta({ kind: 'IP address' });

const virtualAddress = z
  .string()
  .refine((text) => text.includes('/') && prefix.safeParse(text).success, {
    error: 'expected an address with its prefix length, such as 192.0.2.10/24 or 2001:db8::10/64',
  })
  .meta({ kind: 'address with prefix length' });

/** Two nodes, one virtual IP. Rules between these settings are in `rules/ha.ts`. */
export const ha = z.strictObject({
  pair: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,19}$/, {
      error: 'expected lower-case letters, digits and "-", up to 20 characters',
    })
    .default('dogwatch')
    .describe('Name of the pair in the database; several pairs may share one.'),
  address: hostAddress.describe("This node's own address, which it keeps whatever its role."),
  port: port.default(8056).describe('UDP and TCP port of the link between the nodes.'),
  peer: z
    .strictObject({
      name: nodeName.describe('node.name of the other node.'),
      address: hostAddress.describe('Its own address.'),
      port: port.optional().describe('Its port, where it is another than ha.port.'),
    })
    .describe('The other node.'),
  secretFile: z
    .string()
    .min(1)
    .describe(
      'File with the secret that both nodes share: 32 random bytes or more, in base64. dogwatch init pair makes one.',
    ),
  interface: z
    .string()
    .regex(/^[^\s/]{1,15}$/, { error: 'expected the name of a network interface, such as eth0' })
    .optional()
    .describe('Network interface that carries the virtual IP.'),
  virtualAddresses: z
    .array(virtualAddress)
    .min(1, { error: 'expected at least one address' })
    .describe('The virtual IP: where devices send to. IPv4 and IPv6, each with its prefix length.'),
  driver: z
    .enum(['linux', 'command', 'none'])
    .default('linux')
    .describe('How the virtual IP is moved: by ip and arping, by a command of yours, or by somebody else.'),
  command: z.array(z.string().min(1)).min(1).optional().describe('Program and arguments of the driver "command".'),
  commandTimeout: duration('100ms', '30s').prefault('5s').describe('The longest that the command may take.'),
  neighbours: z
    .array(hostAddress)
    .default([])
    .describe(
      'Hosts on the segment that tell whether it is there, for a node that is alone. Default: the gateway, and the peer.',
    ),
  beat: duration('50ms', '10s').prefault('400ms').describe('Between two heartbeats.'),
  lease: duration('500ms', '50s')
    .prefault('2s')
    .describe('How long a vote holds: the virtual IP is gone so long after a node has died.'),
  takeoverWindow: duration('1s', '60s')
    .prefault('3s')
    .describe('How long heartbeats must be missing before the standby takes over.'),
  whenIsolated: z
    .enum(['collect', 'stepDown'])
    .default('collect')
    .describe(
      'What a node does that hears neither database nor peer: go on receiving while nobody else has the address, or stop.',
    ),
  handOverTimeout: duration('1s', '60s').prefault('5s').describe('The longest that a switchover may take.'),
});
