import { z } from 'zod';
import { duration, size } from '../values.ts';

/** As far as `journal.maxBytes` has room for eight of them. */
const SEGMENT_BYTES = 64 * 1024 * 1024;

/** The queue on disk between receiving and writing. */
export const journal = z
  .strictObject({
    directory: z
      .string()
      .min(1)
      .default('journal')
      .describe(
        'Where batches wait for the database; relative to stateDirectory. Each node has a folder of its own in it, so that nodes may share it.',
      ),
    claimTimeout: duration('5s', '1h')
      .prefault('30s')
      .describe(
        'A folder in a shared journal.directory whose node has given no sign for so long is taken over, and written by another node.',
      ),
    maxBytes: size('32MiB', '1024TiB').prefault('10GiB').describe('Bound of the journal on disk.'),
    minFreeBytes: size('0', '1024TiB')
      .prefault('512MiB')
      .describe('Room on the disk that the journal leaves to others, whatever its own bound.'),
    segmentBytes: size('1MiB', '4GiB')
      .optional()
      .describe('Size of one file of the journal. Default: 64MiB, or an eighth of maxBytes where that is less.'),
    memoryBytes: size('1MiB', '64GiB')
      .prefault('32MiB')
      .describe('Batches kept in memory too, so that writing them needs no reading back.'),
    sync: duration('0', '1m')
      .prefault('100ms')
      .describe(
        'Longest time between an accepted batch and its flush to the disk; 0 flushes each batch before it is accepted.',
      ),
    whenFull: z
      .enum(['dropNewest', 'dropOldest'])
      .default('dropNewest')
      .describe('What is given up, and counted, when the journal is at its bound.'),
  })
  .transform((given) => ({
    ...given,
    segmentBytes: given.segmentBytes ?? Math.min(SEGMENT_BYTES, Math.floor(given.maxBytes / 8)),
  }));
