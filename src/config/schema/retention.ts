import { z } from 'zod';
import { duration, size } from '../values.ts';

const tableSize = size('64MiB', '1024TiB').optional();

/** How long rows are kept, and how many. */
export const retention = z.strictObject({
  partitionBy: z.enum(['hour', 'day']).default('day').describe('Time span of one partition of the large tables.'),
  flows: duration('1h', '36500d').prefault('30d').describe('How long flows are kept.'),
  counterSamples: duration('1h', '36500d').prefault('30d').describe('How long sFlow counter samples are kept.'),
  syslog: duration('1h', '36500d')
    .prefault('30d')
    .describe('How long syslog messages are kept; their partitions are always of an hour.'),
  traps: duration('1h', '36500d').prefault('90d').describe('How long SNMP traps and informs are kept.'),
  losses: duration('1d', '36500d').prefault('365d').describe('How long the loss ledger is kept.'),
  rollups: z
    .strictObject({
      minute: duration('1d', '36500d').prefault('14d').describe('How long rollups of 1 minute are kept.'),
      tenMinutes: duration('1d', '36500d').prefault('120d').describe('How long rollups of 10 minutes are kept.'),
      hour: duration('1d', '36500d').prefault('1825d').describe('How long rollups of 1 hour are kept.'),
    })
    .prefault({})
    .describe('Rollups of flows outlive the flows themselves.'),
  maxBytes: z
    .strictObject({
      flows: tableSize.describe('flows'),
      counterSamples: tableSize.describe('counter_samples'),
      syslog: tableSize.describe('syslog_messages'),
      traps: tableSize.describe('snmp_traps'),
      total: tableSize.describe('all tables together; the oldest partition goes first'),
    })
    .prefault({})
    .describe(
      'The most that a table may take with its indexes, besides its age: the oldest partitions are dropped. Without it only age counts.',
    ),
  ledger: duration('1h', '3650d')
    .prefault('7d')
    .describe(
      'How long the ids of written batches are remembered (the oldest batch that may still turn up), and rejected rows.',
    ),
});
