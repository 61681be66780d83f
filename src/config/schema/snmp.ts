import { z } from 'zod';
import { duration, whole } from '../values.ts';

const file = z.string().min(1);

/** Everything about SNMP, whatever socket it comes by. Secrets stand in a file of their own. */
export const snmp = z.strictObject({
  credentialsFile: file
    .optional()
    .describe(
      'YAML file with communities, SNMPv3 users and how devices are polled; read again when it changes. Without it every community is accepted, and no user.',
    ),
  mibDirectory: file
    .default('mibs')
    .describe('Folder with MIB files of your vendors, for names; relative to stateDirectory. It need not exist.'),
  engineId: z
    .string()
    .regex(/^(?:[0-9a-f]{2}){5,32}$/i, { error: 'expected 5 to 32 bytes in hexadecimal (RFC 3411 section 5)' })
    .optional()
    .describe('Our SNMPv3 engine, to which informs are sent; made once and kept in the database by default.'),
  timeWindow: z
    .enum(['lenient', 'strict'])
    .default('lenient')
    .describe(
      'SNMPv3 traps whose engine boots or time are out of order: lenient stores them with a flag, strict refuses them as RFC 3414 has it.',
    ),
  limits: z
    .strictObject({
      engines: whole(10, 1_000_000)
        .default(20_000)
        .describe('SNMPv3 engines of senders that are remembered; some 2 KB each.'),
      sources: whole(10, 1_000_000).default(10_000).describe('Senders whose troubles are counted apart.'),
      rawPerMinute: whole(0, 1_000_000)
        .default(600)
        .describe('Rows a minute for datagrams that cannot be decoded, of all senders; the rest is counted alone.'),
    })
    .prefault({})
    .describe('Bounds on what senders can claim.'),
  polling: z
    .strictObject({
      interval: duration('1m', '30d').prefault('1h').describe('How often a device is asked for its names.'),
      soonest: duration('10s', '30d')
        .prefault('5m')
        .describe('How soon it is asked again when its flows name an interface that is not known.'),
      concurrency: whole(1, 256).default(4).describe('Devices asked at the same time.'),
      timeout: duration('100ms', '1m').prefault('2s').describe('How long one question waits for its answer.'),
      retries: whole(0, 10).default(2).describe('How often a question is asked again.'),
    })
    .prefault({})
    .describe('Asking devices for names; only those that credentialsFile has a way to ask for.'),
});
