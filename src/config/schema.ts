import { z } from 'zod';
import { ELEMENT_TYPES } from '../../collectors/flow/elements/element-type.ts';
import { LOG_LEVELS } from '../runtime/log.ts';
import { alarms } from './schema/alarms.ts';
import { defaultListeners, listener, tls } from './schema/listeners.ts';
import { ha } from './schema/ha.ts';
import { journal } from './schema/journal.ts';
import { notify } from './schema/notify.ts';
import { redis } from './schema/redis.ts';
import { retention } from './schema/retention.ts';
import { snmp } from './schema/snmp.ts';
import { syslog } from './schema/syslog.ts';
import { address, duration, port, prefix, size, whole } from './values.ts';

/** What the defaults need to know of the machine; passed in, so that tests own it. */
export interface Machine {
  readonly hostname: string;
  /** Where state is kept unless the configuration says otherwise. */
  readonly stateDirectory: string;
  /** Whether this process may bind ports below 1024, where syslog and SNMP traps have theirs. */
  readonly privilegedPorts: boolean;
}

const allowFrom = z.array(prefix);

const flow = z.strictObject({
  sampling: z
    .strictObject({
      default: whole(1, 2_147_483_647)
        .optional()
        .describe('Rate (1 in N) for exporters that tell none. Without it their rate is stored as unknown.'),
      exporters: z
        .record(prefix, whole(1, 2_147_483_647))
        .default({})
        .describe(
          'Rate (1 in N) by exporter address or prefix; goes before what the exporter says. The longest prefix wins.',
        ),
    })
    .prefault({})
    .describe('Sampling rates that the exporters do not tell, or tell wrongly.'),
  elements: z
    .array(
      z.strictObject({
        pen: whole(0, 4_294_967_295).describe('Private enterprise number; 0 for the elements of IANA.'),
        id: whole(1, 65_535).describe('Element id within the enterprise.'),
        name: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, {
            error: 'expected a name of letters, digits and _, up to 63 characters',
          })
          .describe('Name under which the value appears in the column "extra".'),
        type: z.enum(ELEMENT_TYPES).describe('Abstract data type of RFC 7011 section 6.1.'),
      }),
    )
    .default([])
    .describe('Information elements of your own exporters, to give them a name and a type.'),
  limits: z
    .strictObject({
      exporters: whole(1, 1_000_000)
        .default(10_000)
        .describe('Exporters kept in memory; the least recently heard goes first.'),
      templatesPerExporter: whole(1, 65_279).default(1000).describe('Templates kept for one exporter.'),
      heldBytes: size('64KiB', '8GiB').prefault('64MiB').describe('Data waiting for its template, of all exporters.'),
      heldBytesPerExporter: size('2KiB', '1GiB')
        .prefault('1MiB')
        .describe('Data waiting for its template, of one exporter.'),
      heldFor: duration('1s', '1d')
        .prefault('31m')
        .describe('How long data waits for its template before it is counted as lost.'),
    })
    .prefault({})
    .describe('Bounds on the memory that exporters can claim.'),
});

const batch = z.strictObject({
  rows: whole(1, 10_000_000).default(50_000).describe('A batch is sealed at this many rows,'),
  bytes: size('2MiB', '32MiB').prefault('4MiB').describe('or at this many bytes,'),
  age: duration('1ms', '1m').prefault('250ms').describe('or when its first row is this old.'),
});

const database = z.strictObject({
  url: z
    .string()
    .refine(isDatabaseUrl, { error: 'expected a URL such as postgresql://user@host:5432/dogwatch' })
    .optional()
    .describe('PostgreSQL server to write to. Without it the collector runs one of its own.'),
  urlFile: z.string().min(1).optional().describe('File that holds the URL, for deployments with mounted secrets.'),
  password: z.string().optional().describe('Password for the URL, in place of one written in it.'),
  passwordFile: z.string().min(1).optional().describe('File that holds the password.'),
  embedded: z
    .strictObject({
      port: port
        .optional()
        .describe('TCP port on 127.0.0.1 for other programs. Without it only the Unix socket is open.'),
      settings: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
        .default({})
        .describe('Settings for its postgresql.conf, such as shared_buffers.'),
    })
    .prefault({})
    .describe('The embedded PostgreSQL, used when there is no URL.'),
});

/** Whether `text` is a URL of PostgreSQL, which may leave out the host behind a user: `postgresql://user@/db?host=/run/x`. */
export function isDatabaseUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text.replace('@/', '@localhost/'));
}

/** Every setting with its default, its bounds and what it is for. Cross-field rules are in `rules.ts`. */
export function configSchema(machine: Machine) {
  return settings(machine).transform(({ listeners, ...given }) => {
    const withTls = given.tls.certificateFile !== undefined;
    return {
      ...given,
      listeners: listeners ?? z.array(listener).parse(defaultListeners(machine.privilegedPorts, withTls)),
    };
  });
}

function settings(machine: Machine) {
  return z.strictObject({
    node: z
      .strictObject({
        name: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
            error: 'expected letters, digits, ".", "_" and "-", up to 63 characters',
          })
          .default(machine.hostname)
          .describe('Name of this node; the host name by default.'),
      })
      .prefault({})
      .describe('This node.'),
    stateDirectory: z
      .string()
      .min(1)
      .default(machine.stateDirectory)
      .describe(
        'Where journal and embedded database live; /var/lib/dogwatch for root, else dogwatch below $XDG_STATE_HOME or ~/.local/state.',
      ),
    runAs: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: 'expected the name of an account' })
      .default('dogwatch')
      .describe(
        'Account that goes on when started as root: nothing of the collector, nor its PostgreSQL, keeps running as root.',
      ),
    log: z
      .strictObject({ level: z.enum(LOG_LEVELS).default('info').describe('Least severe lines that are logged.') })
      .prefault({})
      .describe('The log, one JSON object a line on standard error.'),
    listeners: z
      .array(listener)
      .min(1, { error: 'expected at least one listener' })
      .optional()
      .describe(
        'Sockets to receive on. Without it: those named here, but syslog on 514 and snmp on 162 where this process may bind them, and syslog over TLS on 6514 as soon as there is tls.certificateFile.',
      )
      .meta({ absent: defaultListeners(machine.privilegedPorts, false) }),
    tls: tls.prefault({}),
    allowFrom: allowFrom.default([]).describe('Senders that may send at all; an empty list means everyone.'),
    flow: flow.prefault({}).describe('Decoding of flows.'),
    syslog: syslog.prefault({}).describe('Syslog messages.'),
    snmp: snmp.prefault({}).describe('SNMP traps, informs and names.'),
    workers: z
      .union([z.literal('auto'), whole(1, 64)])
      .default('auto')
      .describe(
        'Processes that receive, decode and write; auto: one for each core less one. A sender stays with one of them.',
      ),
    rollups: z
      .strictObject({
        enabled: z
          .boolean()
          .default(false)
          .describe(
            'Whether they are made. They cost some 4 µs of processor time for each flow, half of it in PostgreSQL: a fifth of a core at 50,000 flows/s.',
          ),
        top: whole(10, 10_000)
          .default(100)
          .describe('Conversations and hosts kept by name for each exporter and time; the rest is one row.'),
      })
      .prefault({})
      .describe('Sums of flows over 1 minute, 10 minutes and 1 hour.'),
    batch: batch.prefault({}).describe('When rows are sealed into a batch.'),
    queue: z
      .enum(['journal', 'bullmq'])
      .default('journal')
      .describe(
        'Where batches wait for the database: the journal of this node, or BullMQ on Redis, which nodes share.',
      ),
    journal: journal
      .prefault({})
      .describe('The queue on disk between receiving and writing; with bullmq it stands in while Redis is away.'),
    redis: redis.prefault({}).describe('Redis, for queue: bullmq.'),
    writer: z
      .strictObject({
        connections: whole(1, 64).default(2).describe('Connections that write at the same time.'),
      })
      .prefault({})
      .describe('Writing into the database.'),
    database: database.prefault({}).describe('The database.'),
    retention: retention.prefault({}).describe('How long rows are kept.'),
    ha: ha
      .optional()
      .describe(
        'The pair: this node, its peer, and the virtual IP that one of them holds. Without it: one node, always active.',
      ),
    notify: notify
      .prefault({})
      .describe('Whom to tell of events and alarms. Without email and webhooks: nobody, they are only kept.'),
    alarms: alarms.prefault({}).describe('When the collector finds itself in trouble.'),
    http: z
      .strictObject({
        address: address.default('127.0.0.1').describe('Local address of the HTTP server.'),
        port: port.default(8055).describe('TCP port of the HTTP server: /metrics, /healthz, /readyz, /api/status.'),
      })
      .prefault({})
      .describe('Metrics, health and status.'),
  });
}

/**
 * The settings in effect. Durations are milliseconds, sizes bytes; directories are absolute paths; secrets are read
 * from their files, and the password stands in `database.url`. A listener without `allowFrom` obeys the global one.
 */
export type Config = z.output<ReturnType<typeof configSchema>>;
