import { z } from 'zod';
import { duration, port } from '../values.ts';

/** Kinds of events that operators may be told of; those of `ha_events.kind`. */
export const EVENT_KINDS = [
  'takeover',
  'switchover',
  'role',
  'vote',
  'readiness',
  'gap',
  'address',
  'settings',
  'alarm',
  'alarm-over',
] as const;

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const MAIL_ALLOWED = 'an address such as noc@example.net';
const mailAddress = z
  .string()
  // As much as keeps a second header or recipient out; whether there is such a mailbox only its server knows.
  .regex(/^[^\s@<>,;:"()[\]\\]{1,64}@[^\s@<>,;:"()\\]{1,255}$/, { error: `expected ${MAIL_ALLOWED}` })
  .meta({ kind: 'e-mail address' });

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'expected a time of day, in quotes, such as "22:00"' })
  .meta({ kind: 'time of day, "00:00" to "23:59"' });

const email = z.strictObject({
  host: z.string().min(1).describe('Mail server (SMTP); its certificate is checked against this name.'),
  port: port.optional().describe('TCP port; 587 with starttls, 465 with implicit, 25 with none.'),
  tls: z
    .enum(['starttls', 'implicit', 'none'])
    .default('starttls')
    .describe('How the connection is encrypted: after STARTTLS, which has to be there, from the start, or not at all.'),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('Certificates that the server is checked against; those of Node.js by default.'),
  user: z.string().min(1).optional().describe('Name to log in with; without it nobody logs in.'),
  password: z.string().optional().describe('Password of user.'),
  passwordFile: z.string().min(1).optional().describe('File that holds the password.'),
  from: mailAddress.describe('Sender of the mails.'),
  to: z
    .array(mailAddress)
    .min(1, { error: 'expected at least one recipient' })
    .max(50, { error: 'expected at most 50 recipients: use a list of the mail server' })
    .describe('Recipients.'),
});

const webhook = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,29}$/, { error: 'expected lower-case letters, digits and "-", up to 30 characters' })
    .optional()
    .describe('How it is called in the log; webhook-1, webhook-2, … by default.'),
  url: z
    .string()
    .refine(isWebUrl, { error: 'expected a URL such as https://hooks.example.net/dogwatch' })
    .optional()
    .describe('Where to POST a JSON object to. Behind its host name it is taken for a secret, and not shown.'),
  urlFile: z.string().min(1).optional().describe('File that holds the URL.'),
  headers: z.record(z.string(), z.string()).default({}).describe('Headers to send, such as Authorization; not shown.'),
  headersFile: z.string().min(1).optional().describe('File with such headers, a line each: "Name: value".'),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('Certificates that the server is checked against; those of Node.js by default.'),
});

const quiet = z.strictObject({
  from: timeOfDay.describe('When it begins.'),
  to: timeOfDay.describe('When it ends, on the next day where that is earlier.'),
  timeZone: z
    .string()
    .refine(isTimeZone, { error: 'expected a time zone of the IANA database, such as Europe/Berlin' })
    .optional()
    .describe('Zone of these times, such as Europe/Berlin; that of the machine by default.'),
  days: z
    .array(z.enum(WEEKDAYS))
    .min(1, { error: 'expected at least one day' })
    .default([...WEEKDAYS])
    .describe('Days on which it begins; all by default.'),
});

/** Whom to tell of events, and of which. Rules between these settings are in `rules/notify.ts`. */
export const notify = z.strictObject({
  email: email.optional().describe('Mail to the operators.'),
  webhooks: z
    .array(webhook)
    .max(10, { error: 'expected at most 10 webhooks' })
    .default([])
    .describe('Programs to tell by HTTP: chat, pager, ticket system.'),
  events: z
    .array(z.enum(EVENT_KINDS))
    .default(['takeover', 'switchover', 'readiness', 'gap', 'alarm', 'alarm-over', 'settings'])
    .describe('Kinds of events to tell of; gap: of one in which something was lost.'),
  quiet: quiet
    .optional()
    .describe(
      'When only what is grave is told at once (takeover, alarm, gap with loss); the rest comes in one summary afterwards.',
    ),
  repeatAfter: duration('5m', '30d').prefault('1d').describe('After so long, an alarm that goes on is told of again.'),
  timeout: duration('1s', '2m')
    .prefault('20s')
    .describe('The longest that a mail server or webhook may take to answer.'),
});

/** Whether `text` is a URL of HTTP, with TLS or without. */
export function isWebUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
