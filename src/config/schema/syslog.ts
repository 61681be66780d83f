import { z } from 'zod';
import { timeZone } from '../../../collectors/syslog/clock/time-zone.ts';
import { compilePattern } from '../../../collectors/syslog/filter/text/linear-pattern.ts';
import { RULE_ACTIONS } from '../../../collectors/syslog/filter/rule-settings.ts';
import { prefix, size, whole } from '../values.ts';
import { TRANSPORTS } from './listeners.ts';
import { facilityCodes, severityCodes } from './syslog-codes.ts';
import { oneOrMore, rate, refusable } from './texts.ts';

const ZONE_REFUSAL = 'expected an IANA name such as Europe/Berlin, an offset such as +02:00, or local';
const zone = refusable('time zone', timeZone, () => ZONE_REFUSAL);

const pattern = refusable(
  'regular expression of RE2',
  compilePattern,
  (trouble) => `expected a regular expression of RE2: ${trouble}`,
);

const TAG_ALLOWED = 'letters, digits, ".", "_", ":" and "-", up to 63 characters';
const tag = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,62}$/, { error: `expected a tag of ${TAG_ALLOWED}` })
  .meta({ kind: 'tag' });

const GLOBS = 'a name or glob (* and ?), or a list of them';
const glob = z.string().min(1).max(255);

const rule = z.strictObject({
  name: z
    .string()
    .regex(/^[^\p{Cc}]{1,100}$/u, { error: 'expected a name of up to 100 characters' })
    .describe('Name in counts, metrics and log lines; no two rules have the same.'),
  from: oneOrMore(prefix, 'an address or prefix, or a list of them')
    .optional()
    .describe('Senders: addresses and prefixes.'),
  transport: oneOrMore(z.enum(TRANSPORTS), `${TRANSPORTS.join(', ')}, or a list of them`)
    .optional()
    .describe('How the message came.'),
  facility: facilityCodes
    .optional()
    .describe('By name (local7, cron) or number, one or a list; none: messages that tell none.'),
  severity: severityCodes
    .optional()
    .describe(
      'By name or number (0 emerg to 7 debug), one or a list; warning+ is warning and worse. Also compared by number: "<=4", ">=info"; none: messages that tell none.',
    ),
  app: oneOrMore(glob, GLOBS).optional().describe('APP-NAME or tag; any case.'),
  host: oneOrMore(glob, GLOBS).optional().describe('HOSTNAME in the message; any case.'),
  vendor: oneOrMore(glob, GLOBS).optional().describe('Maker that the message was recognised by; any case.'),
  mnemonic: oneOrMore(glob, GLOBS)
    .optional()
    .describe('The maker’s own code, such as LINK-3-UPDOWN, without %; any case.'),
  contains: oneOrMore(z.string().min(1).max(255), 'a text, or a list of them')
    .optional()
    .describe('Part of the text, case and all; of a list, any.'),
  pattern: pattern
    .optional()
    .describe('Regular expression of RE2 that matches somewhere in the text. "(?i)" in front: any case.'),
  action: z
    .enum(RULE_ACTIONS)
    .describe('drop: not stored. keep: stored, later rules are not asked. limit: above rate dropped. tag: given tags.'),
  tags: oneOrMore(tag, `a tag of ${TAG_ALLOWED}, or a list of them`)
    .optional()
    .describe('tag, keep, limit: given to messages that are stored.'),
  rate: rate
    .optional()
    .describe('limit: so many messages in so long, such as 100/s or 1000/10m; as many may come at once.'),
  by: z
    .enum(['device', 'rule'])
    .optional()
    .describe('limit: whether each sender has this rate for itself, or all share it.')
    .meta({ absent: 'device' }),
});

/** Everything about syslog messages, whatever socket they come by. */
export const syslog = z.strictObject({
  timeZone: zone
    .prefault('local')
    .describe(
      'Zone of stamps that name none: an IANA name such as Europe/Berlin, an offset such as +02:00, or local, this machine’s.',
    ),
  timeZones: z
    .record(prefix, zone)
    .prefault({})
    .describe('The same by sender, address or prefix. The longest prefix wins.'),
  rules: z
    .array(rule)
    .max(1000, { error: 'expected at most 1000 rules' })
    .prefault([])
    .describe('What to do with which messages; asked in this order.'),
  limits: z
    .strictObject({
      messageBytes: size('1KiB', '512KiB').prefault('64KiB').describe('Longer messages are cut, marked and counted.'),
      devices: whole(10, 1_000_000)
        .default(10_000)
        .describe('Senders kept in memory (counts, clocks, rates); the least recently heard goes first.'),
    })
    .prefault({})
    .describe('Bounds on what senders can claim.'),
});
