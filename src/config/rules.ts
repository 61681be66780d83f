import { isIPv4 } from 'node:net';
import type { SettingPath } from './findings.ts';
import type { Config } from './schema.ts';
import { formatDuration, formatSize } from './units.ts';

/** A breach of a rule between settings. `at` is the setting that should change, `with` the others that it is about. */
export interface Breach {
  readonly at: SettingPath;
  readonly with: readonly SettingPath[];
  readonly message: string;
}

/**
 * The rules that hold between settings, each well-formed by itself.
 * @param isGiven whether somebody wrote the setting, as opposed to its default
 */
export function breachesOf(config: Config, isGiven: (path: SettingPath) => boolean): Breach[] {
  return [...sizes(config), ...spans(config), ...listeners(config), ...elements(config), ...database(config, isGiven)];
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

function* listeners({ listeners: all, http, database: { embedded, url } }: Config): Generator<Breach> {
  for (const [index, one] of all.entries()) {
    const earlier = all.findIndex(
      (other, at) => at < index && other.port === one.port && overlap(other.address, one.address),
    );
    if (earlier < 0 || one.port === 0) continue;
    yield {
      at: ['listeners', index],
      with: [['listeners', earlier]],
      message: `${one.address} port ${one.port} is taken by listeners[${earlier}] (${all[earlier]?.address})`,
    };
  }
  if (
    url === undefined &&
    embedded.port !== undefined &&
    embedded.port === http.port &&
    overlap(http.address, '127.0.0.1')
  ) {
    yield {
      at: ['database', 'embedded', 'port'],
      with: [['http', 'port']],
      message: `TCP port ${http.port} is taken by http.port`,
    };
  }
}

/** Whether two sockets of one port collide: the same address, or one that stands for all of its family. */
function overlap(one: string, other: string): boolean {
  const covers = (wide: string, narrow: string) => wide === '::' || (wide === '0.0.0.0' && isIPv4(narrow));
  return one === other || covers(one, other) || covers(other, one);
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
