import { z } from 'zod';
import { whole } from '../values.ts';

/** Thresholds of the alarms that are a matter of taste; the others are in `src/alarms/alarm-rules.ts`. */
export const alarms = z.strictObject({
  lossPerMinute: whole(0, 1_000_000_000)
    .default(1000)
    .describe(
      'Lost on the way in a minute, of all senders, from which it is an alarm: by sequence numbers of exporters, for other senders by drops of the kernel. 0: never.',
    ),
});
