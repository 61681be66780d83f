import type { SettingPath } from './findings.ts';
import { haBreaches } from './rules/ha.ts';
import { listenerBreaches } from './rules/listeners.ts';
import { notifyBreaches } from './rules/notify.ts';
import { redisBreaches } from './rules/redis.ts';
import { syslogRuleBreaches } from './rules/syslog.ts';
import type { Breach } from './rules/breach.ts';
import type { Config } from './schema.ts';
import { formatDuration, formatSize } from './units.ts';

/**
 * The rules that hold between settings, each well-formed by itself.
 * @param isGiven whether somebody wrote the setting, as opposed to its default
 */
export function breachesOf(config: Config, isGiven: (path: SettingPath) => boolean): Breach[] {
  return [
    ...sizes(config),
    ...spans(config),
    ...listenerBreaches(config, isGiven),
    ...syslogRuleBreaches(config.syslog.rules),
    ...elements(config),
    ...database(config, isGiven),
    ...redisBreaches(config, isGiven),
    ...haBreaches(config),
    ...notifyBreaches(config, isGiven),
  ];
}

function* sizes({ batch, journal, flow }: Config): Generator<Breach> {
  const atMost = function* (at: SettingPath, value: number, other: SettingPath, bound: number, why: string) {
    if (value <= bound) return;
    const message = `expected at most ${formatSize(bound)} (from ${other.join('.')}), found ${formatSize(value)}: ${why}`;
    yield { at, with: [other], message };
  };
  const segment = ['journal', 'segmentBytes'];
  yield* atMost(['batch', 'bytes'], batch.bytes, segment, journal.segmentBytes, 'a batch lies within one segment');
  yield* atMost(
    segment,
    journal.segmentBytes,
    ['journal', 'maxBytes'],
    Math.floor(journal.maxBytes / 8),
    'the journal needs several segments, so that the oldest can be dropped alone',
  );
  const memory = ['journal', 'memoryBytes'];
  yield* atMost(['batch', 'bytes'], batch.bytes, memory, journal.memoryBytes, 'a batch must fit into memory');
  const { heldBytesPerExporter, heldBytes } = flow.limits;
  yield* atMost(
    ['flow', 'limits', 'heldBytesPerExporter'],
    heldBytesPerExporter,
    ['flow', 'limits', 'heldBytes'],
    heldBytes,
    'one exporter cannot hold more than all of them',
  );
}

const SPAN_MS = { hour: 3_600_000, day: 86_400_000 };

function* spans({ retention }: Config): Generator<Breach> {
  const span = SPAN_MS[retention.partitionBy];
  for (const table of ['flows', 'counterSamples'] as const) {
    if (retention[table] >= span) continue;
    yield {
      at: ['retention', table],
      with: [['retention', 'partitionBy']],
      message: `expected at least one partition (${formatDuration(span)}), found ${formatDuration(retention[table])}: whole partitions are dropped`,
    };
  }
}

function* elements({ flow }: Config): Generator<Breach> {
  for (const [index, element] of flow.elements.entries()) {
    const before = flow.elements.slice(0, index);
    const same = before.findIndex(({ pen, id }) => pen === element.pen && id === element.id);
    const namesake = before.findIndex(({ name }) => name === element.name);
    const earlier = Math.max(same, namesake);
    if (earlier < 0) continue;
    yield {
      at: ['flow', 'elements', index],
      with: [['flow', 'elements', earlier]],
      message: `${same >= 0 ? `element ${element.pen}.${element.id}` : `the name ${element.name}`} is taken by flow.elements[${earlier}]`,
    };
  }
}

function* database({ database: settings }: Config, isGiven: (path: SettingPath) => boolean): Generator<Breach> {
  const url = ['database', 'url'];
  for (const secret of ['url', 'password'] as const) {
    const file = ['database', `${secret}File`];
    if (isGiven(['database', secret]) && isGiven(file)) {
      yield {
        at: file,
        with: [['database', secret]],
        message: `expected either this or database.${secret}, found both`,
      };
    }
  }
  const external = settings.url !== undefined || settings.urlFile !== undefined;
  if (!external && (settings.password !== undefined || settings.passwordFile !== undefined)) {
    const at = ['database', settings.password === undefined ? 'passwordFile' : 'password'];
    yield { at, with: [url], message: 'expected database.url beside it: the embedded PostgreSQL has no password' };
  }
  if (external && isGiven(['database', 'embedded'])) {
    yield {
      at: ['database', 'embedded'],
      with: [url],
      message: 'expected either this or database.url, found both: with a URL no embedded PostgreSQL is started',
    };
  }
}
