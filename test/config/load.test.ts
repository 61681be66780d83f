import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ConfigError } from '../../src/config/findings.ts';
import { loadConfig, thisMachine, type LoadedConfig } from '../../src/config/load.ts';

const MACHINE = { hostname: 'collector-1', stateDirectory: '/state', privilegedPorts: false };
type Environment = Record<string, string>;

/** Loads `yaml` as dogwatch.yaml of a directory of its own, with these other files beside it. */
function load(
  context: TestContext,
  yaml: string,
  environment: Environment = {},
  files: Environment = {},
): LoadedConfig {
  const directory = mkdtempSync(join(tmpdir(), 'dogwatch-config-'));
  context.after(() => rmSync(directory, { recursive: true }));
  for (const [name, content] of Object.entries({ 'dogwatch.yaml': yaml, ...files })) {
    writeFileSync(join(directory, name), content);
  }
  return loadConfig({ directory, environment, machine: MACHINE });
}

/** The findings as lines, sorted. */
function findings(context: TestContext, yaml: string, environment: Environment = {}): string[] {
  try {
    load(context, yaml, environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, 'CONFIG_INVALID');
    const [, ...lines] = error.message.split('\n');
    return lines.map((line) => line.trim()).sort();
  }
  return [];
}

test('without a file every setting has its documented default', () => {
  const { config, sources } = loadConfig({ directory: '/nowhere', environment: {}, machine: MACHINE });
  const MIB = 1024 * 1024;
  const DAY = 86_400_000;
  const udp = { transport: 'udp', address: '::', receiveBuffer: 8 * MIB };
  const stream = { address: '::', maxConnections: 2000, maxConnectionsPerSource: 200 };
  assert.equal(sources.file, undefined);
  assert.deepEqual(config, {
    node: { name: 'collector-1' },
    stateDirectory: '/state',
    runAs: 'dogwatch',
    log: { level: 'info' },
    listeners: [
      ...[2055, 4739, 6343].map((port) => ({ ...udp, family: 'flow', port })),
      { ...udp, family: 'syslog', port: 5514 },
      { ...stream, family: 'syslog', transport: 'tcp', port: 5514, idle: DAY },
      { ...stream, family: 'syslog', transport: 'relp', port: 2514, idle: 600_000 },
      { ...udp, family: 'snmp', port: 1162 },
    ],
    alarms: { lossPerMinute: 1000 },
    tls: {},
    allowFrom: [],
    flow: {
      sampling: { exporters: {} },
      elements: [],
      limits: {
        exporters: 10_000,
        templatesPerExporter: 1000,
        heldBytes: 64 * MIB,
        heldBytesPerExporter: MIB,
        heldFor: 31 * 60_000,
      },
    },
    syslog: { timeZone: 'local', timeZones: {}, rules: [], limits: { messageBytes: 65_536, devices: 10_000 } },
    snmp: {
      mibDirectory: '/state/mibs',
      timeWindow: 'lenient',
      limits: { engines: 20_000, sources: 10_000, rawPerMinute: 600 },
      polling: { interval: 3_600_000, soonest: 300_000, concurrency: 4, timeout: 2000, retries: 2 },
    },
    workers: 'auto',
    rollups: { enabled: false, top: 100 },
    batch: { rows: 50_000, bytes: 4 * MIB, age: 250 },
    queue: 'journal',
    redis: { prefix: 'dogwatch', timeout: 1000, maxBytes: 1024 * MIB, concurrency: 4 },
    journal: {
      directory: '/state/journal',
      claimTimeout: 30_000,
      maxBytes: 10 * 1024 * MIB,
      minFreeBytes: 512 * MIB,
      segmentBytes: 64 * MIB,
      memoryBytes: 32 * MIB,
      sync: 100,
      whenFull: 'dropNewest',
    },
    writer: { connections: 2 },
    database: { embedded: { settings: {} } },
    retention: {
      partitionBy: 'day',
      flows: 30 * DAY,
      counterSamples: 30 * DAY,
      syslog: 30 * DAY,
      traps: 90 * DAY,
      losses: 365 * DAY,
      rollups: { minute: 14 * DAY, tenMinutes: 120 * DAY, hour: 1825 * DAY },
      maxBytes: {},
      ledger: 7 * DAY,
    },
    http: { address: '127.0.0.1', port: 8055 },
    notify: {
      events: ['takeover', 'switchover', 'readiness', 'gap', 'alarm', 'alarm-over', 'settings'],
      repeatAfter: DAY,
      timeout: 20_000,
      webhooks: [],
    },
  });
});

test('a file overrides defaults, and says where each setting comes from', (context) => {
  const { config, sources } = load(context, 'batch:\n  age: 1s\n\nlisteners:\n  - port: 9995\n');
  assert.equal(config.batch.age, 1000);
  assert.equal(config.batch.rows, 50_000);
  assert.deepEqual(
    config.listeners.map(({ port }) => port),
    [9995],
  );
  assert.equal(sources.of(['batch', 'age']), 'dogwatch.yaml:2');
  assert.equal(sources.of(['listeners', 0, 'port']), 'dogwatch.yaml:5');
  assert.equal(sources.of(['batch', 'rows']), undefined);
});

test('an empty file and groups with nothing below them mean the defaults', (context) => {
  assert.equal(load(context, '').config.http.port, 8055);
  assert.equal(load(context, 'http:\n  # port: 1\nbatch:\n  rows:\n').config.http.port, 8055);
});

test('numbers are bytes and milliseconds', (context) => {
  const { config } = load(context, 'batch: {age: 100, bytes: 3145728}');
  assert.deepEqual([config.batch.age, config.batch.bytes], [100, 3_145_728]);
});

test('relative directories start at the state directory, and that at the file', (context) => {
  const { config, sources } = load(context, 'stateDirectory: here\njournal: {directory: fast/journal}');
  const directory = join(sources.file ?? '', '..');
  assert.equal(config.stateDirectory, join(directory, 'here'));
  assert.equal(config.journal.directory, join(directory, 'here/fast/journal'));
});

test('the file asked for goes before DOGWATCH_CONFIG, which goes before dogwatch.yaml', (context) => {
  const files = { 'a.yaml': 'http: {port: 1111}', 'b.yaml': 'http: {port: 2222}' };
  const { sources, config } = load(context, 'http: {port: 3333}', {}, files);
  const directory = join(sources.file ?? '', '..');
  const environment = { DOGWATCH_CONFIG: 'b.yaml' };
  assert.equal(config.http.port, 3333);
  assert.equal(loadConfig({ directory, environment, machine: MACHINE }).config.http.port, 2222);
  assert.equal(loadConfig({ file: 'a.yaml', directory, environment, machine: MACHINE }).config.http.port, 1111);
});

test('a file that was asked for and is missing is an error', () => {
  assert.throws(() => loadConfig({ file: '/nowhere/x.yaml', environment: {}, machine: MACHINE }), {
    code: 'CONFIG_UNREADABLE',
    message: /ENOENT.*\/nowhere\/x\.yaml/,
  });
});

test('environment variables go before the file', (context) => {
  const environment = {
    DOGWATCH_HTTP__PORT: '9000',
    DOGWATCH_BATCH__AGE: '2s',
    DOGWATCH_NODE__NAME: '007',
    DOGWATCH_FLOW__LIMITS__HELD_BYTES_PER_EXPORTER: '2MiB',
    DOGWATCH_ALLOW_FROM: '192.0.2.0/24, 2001:db8::/32',
    DOGWATCH_LISTENERS: '[{port: 1}, {port: 2, allowFrom: [::1]}]',
    DOGWATCH_FLOW__SAMPLING__EXPORTERS: '{192.0.2.1: 1000}',
    DOGWATCH_LOG__LEVEL: '',
    DOGWATCH_SERVICE_HOST: '10.0.0.1',
    DOGWATCH_PORT_2055_UDP: 'udp://10.0.0.1:2055',
  };
  const { config, sources } = load(context, 'http: {port: 1, address: ::1}', environment);
  assert.deepEqual(config.http, { address: '::1', port: 9000 });
  assert.equal(config.batch.age, 2000);
  assert.equal(config.node.name, '007');
  assert.equal(config.flow.limits.heldBytesPerExporter, 2 * 1024 * 1024);
  assert.deepEqual(config.allowFrom, ['192.0.2.0/24', '2001:db8::/32']);
  assert.deepEqual(
    config.listeners.map(({ port, allowFrom }) => [port, allowFrom]),
    [
      [1, undefined],
      [2, ['::1']],
    ],
  );
  assert.deepEqual(config.flow.sampling.exporters, { '192.0.2.1': 1000 });
  assert.equal(sources.of(['http', 'port']), 'DOGWATCH_HTTP__PORT');
});

test('secrets are read from files beside the configuration, and the password goes into the URL', (context) => {
  const yaml = 'database: {urlFile: url.txt, passwordFile: pw.txt}';
  const files = { 'url.txt': 'postgresql://dw@db.example:5433/flows\n', 'pw.txt': 's&cret=ü\n' };
  const url = new URL(load(context, yaml, {}, files).config.database.url ?? '');
  assert.equal(url.host, 'db.example:5433');
  assert.equal(url.searchParams.get('password'), 's&cret=ü');
});

test('the secrets of Redis are read from files, and its certificates lie beside the configuration', (context) => {
  const yaml = 'queue: bullmq\nredis: {urlFile: url.txt, passwordFile: pw.txt, caFile: ca.pem}';
  const files = { 'url.txt': 'rediss://dw@redis.example:6380/1\n', 'pw.txt': 's&cret=ü\n' };
  const { config, sources } = load(context, yaml, {}, files);
  assert.equal(config.redis.url, 'rediss://dw@redis.example:6380/1');
  assert.equal(config.redis.password, 's&cret=ü');
  assert.equal(config.redis.caFile, join(sources.file ?? '', '../ca.pem'));
  const plain = { 'url.txt': 'redis://redis.example' };
  assert.throws(
    () => load(context, yaml.replace('passwordFile: pw.txt, ', ''), {}, plain),
    /redis\.caFile: .*rediss:\/\//,
  );
});

test('a queue on Redis needs a Redis', (context) => {
  assert.match(findings(context, 'queue: bullmq').join(), /^dogwatch\.yaml:1: queue: bullmq needs a Redis/);
  for (const place of ['url: redis://a', 'sentinel: {name: m, hosts: [{host: a}]}', 'cluster: [{host: a}]']) {
    assert.deepEqual(findings(context, `queue: bullmq\nredis: {${place}}`), []);
  }
});

test('what contradicts itself about Redis is named at once', (context) => {
  const yaml = [
    'redis:',
    '  url: redis://a/2',
    '  urlFile: missing',
    '  password: hunter2',
    '  passwordFile: dogwatch.yaml',
    '  sentinel: {name: m, hosts: [{host: a}]}',
    '  cluster: [{host: a}]',
  ].join('\n');
  const found = findings(context, yaml).map((line) => line.replace(/^(.*?: redis\S*: .{8}).*/, '$1'));
  assert.deepEqual(found, [
    'dogwatch.yaml:2: redis.url: expected',
    'dogwatch.yaml:3: redis.urlFile: cannot b',
    'dogwatch.yaml:3: redis.urlFile: expected',
    'dogwatch.yaml:5: redis.passwordFile: expected',
    'dogwatch.yaml:7: redis.cluster: expected',
  ]);
  assert.match(
    findings(context, 'redis: {password: hunter2}').join(),
    /redis\.password: expected redis\.url beside it/,
  );
  const plain = findings(context, 'redis: {url: "redis://a", caFile: ca.pem}').join();
  assert.match(plain, /redis\.caFile: expected a redis\.url with rediss:\/\//);
});

test('a secret file that is missing or holds no URL is a finding', (context) => {
  assert.match(
    findings(context, 'database: {urlFile: missing}').join(),
    /^dogwatch\.yaml:1: database\.urlFile: cannot be read: ENOENT/,
  );
  assert.match(
    findings(context, 'database: {urlFile: dogwatch.yaml}').join(),
    /database\.urlFile: the file holds no URL/,
  );
});

test('everything wrong is named at once, with place, path, what was found and what was meant', (context) => {
  const yaml = [
    'batch:',
    '  age: 5x',
    '  rows: many',
    '  byte: 1MiB',
    'listeners:',
    '  - port: 2055',
    '  - addres: "::"',
    '  - port: 99999',
    'log: {level: wanr}',
    'jounral: {}',
    'http: 8055',
    'retention: {flows: 30}',
    'allowFrom: [10.0.0.0/33, example.org]',
    'flow:',
    '  sampling: {exporters: {router: 5}}',
    '  elements: [{pen: 0, id: 70000, name: 9x, type: unsigned}]',
    'database: {url: mysql://root:secret@db/x}',
    'stateDirectory: ""',
  ].join('\n');
  assert.deepEqual(
    findings(context, yaml, { DOGWATCH_HTTP__PROT: '1' }),
    [
      'DOGWATCH_HTTP__PROT: no setting has this environment variable; did you mean DOGWATCH_HTTP__PORT?',
      'dogwatch.yaml:10: jounral: no such setting; did you mean journal?',
      'dogwatch.yaml:11: http: expected settings below it, found 8055',
      'dogwatch.yaml:12: retention.flows: expected 1h to 36500d, found 30',
      'dogwatch.yaml:13: allowFrom[0]: expected an address or a prefix such as 192.0.2.0/24 or 2001:db8::/32, found "10.0.0.0/33"',
      'dogwatch.yaml:13: allowFrom[1]: expected an address or a prefix such as 192.0.2.0/24 or 2001:db8::/32, found "example.org"',
      'dogwatch.yaml:15: flow.sampling.exporters.router: expected an address or a prefix such as 192.0.2.0/24 or 2001:db8::/32, found "router"',
      'dogwatch.yaml:16: flow.elements[0].id: expected a whole number from 1 to 65535, found 70000',
      'dogwatch.yaml:16: flow.elements[0].name: expected a name of letters, digits and _, up to 63 characters, found "9x"',
      'dogwatch.yaml:16: flow.elements[0].type: expected one of octetArray, unsigned8, unsigned16, unsigned32, unsigned64, signed8, signed16, ' +
        'signed32, signed64, float32, float64, boolean, macAddress, string, dateTimeSeconds, dateTimeMilliseconds, dateTimeMicroseconds, ' +
        'dateTimeNanoseconds, ipv4Address, ipv6Address, basicList, subTemplateList, subTemplateMultiList, unsigned256, found "unsigned"; did you mean unsigned8?',
      'dogwatch.yaml:17: database.url: expected a URL such as postgresql://user@host:5432/dogwatch, found "mysql://root:********@db/x"',
      'dogwatch.yaml:18: stateDirectory: expected a text that is not empty, found ""',
      'dogwatch.yaml:2: batch.age: expected a duration such as 250ms, 10s, 15m, 2h or 30d, found "5x"',
      'dogwatch.yaml:3: batch.rows: expected a whole number from 1 to 10000000, found "many"',
      'dogwatch.yaml:4: batch.byte: no such setting; did you mean bytes?',
      'dogwatch.yaml:7: listeners[1].addres: no such setting; did you mean address?',
      'dogwatch.yaml:7: listeners[1].port: missing; expected a port, 0 to 65535 (0: the system chooses)',
      'dogwatch.yaml:8: listeners[2].port: expected a port, 0 to 65535 (0: the system chooses), found 99999',
      'dogwatch.yaml:9: log.level: expected one of error, warn, info, debug, trace, found "wanr"; did you mean warn?',
    ].sort(),
  );
});

test('a segment of the journal is as large as eight of them fit, unless it is said', (context) => {
  assert.equal(load(context, 'journal: {maxBytes: 64MiB}').config.journal.segmentBytes, 8_388_608);
  assert.equal(load(context, 'journal: {maxBytes: 64MiB, segmentBytes: 4MiB}').config.journal.segmentBytes, 4_194_304);
});

test('rules between settings are checked beside everything else', (context) => {
  const yaml = [
    'batch: {bytes: 32MiB}',
    'journal: {maxBytes: 160MiB, segmentBytes: 24MiB, memoryBytes: 16MiB}',
    'flow: {limits: {heldBytesPerExporter: 128MiB}, elements: [{pen: 1, id: 2, name: a, type: string}, {pen: 1, id: 2, name: b, type: string}]}',
    'retention: {flows: 2h}',
    'listeners: [{port: 2055}, {port: 2055, address: 0.0.0.0}, {port: 0}, {port: 0}]',
    'database: {password: x, embedded: {port: 8055}}',
    'http: {prot: 1}',
  ].join('\n');
  assert.deepEqual(
    findings(context, yaml),
    [
      'dogwatch.yaml:1: batch.bytes: expected at most 16MiB (from journal.memoryBytes), found 32MiB: a batch must fit into memory',
      'dogwatch.yaml:1: batch.bytes: expected at most 24MiB (from journal.segmentBytes), found 32MiB: a batch lies within one segment',
      'dogwatch.yaml:2: journal.segmentBytes: expected at most 20MiB (from journal.maxBytes), found 24MiB: the journal needs several segments, so that the oldest can be dropped alone',
      'dogwatch.yaml:3: flow.elements[1]: element 1.2 is taken by flow.elements[0]',
      'dogwatch.yaml:3: flow.limits.heldBytesPerExporter: expected at most 64MiB (from flow.limits.heldBytes), found 128MiB: one exporter cannot hold more than all of them',
      'dogwatch.yaml:4: retention.flows: expected at least one partition (1d), found 2h: whole partitions are dropped',
      'dogwatch.yaml:5: listeners[1]: 0.0.0.0 UDP port 2055 is taken by listeners[0] (::)',
      'dogwatch.yaml:6: database.embedded.port: 127.0.0.1 TCP port 8055 is taken by http.port (127.0.0.1)',
      'dogwatch.yaml:6: database.password: expected database.url beside it: the embedded PostgreSQL has no password',
      'dogwatch.yaml:7: http.prot: no such setting; did you mean port?',
    ].sort(),
  );
});

test('a URL and settings for the embedded server exclude each other, as do a secret and its file', (context) => {
  const yaml =
    'database: {url: postgresql://db/x, urlFile: f, password: a, passwordFile: dogwatch.yaml, embedded: {port: 1}}';
  const found = findings(context, yaml, {}).map((line) => line.replace(/^.*?: (database\S*): .*/, '$1'));
  assert.deepEqual([...new Set(found)], ['database.embedded', 'database.passwordFile', 'database.urlFile']);
});

test('what is not YAML is refused with its line, and a key given twice too', (context) => {
  assert.match(
    findings(context, 'batch:\n  rows: 1\n  rows: 2\n').join(),
    /^dogwatch\.yaml:3: not valid YAML: .*unique/,
  );
  assert.match(findings(context, 'batch: {rows: 1\n').join(), /^dogwatch\.yaml:\d: not valid YAML: /);
  assert.match(findings(context, 'just text').join(), /expected settings below it, found "just text"/);
});

test('a password never appears in a finding', (context) => {
  const found = findings(context, 'database: {url: "postgres://u:hunter2@:bad:port/x", password: [hunter2]}').join();
  assert.match(found, /database\.url: expected a URL/);
  assert.match(found, /database\.password: expected a text/);
  assert.doesNotMatch(found, /hunter2/);
  const redis = findings(context, 'redis: {url: "redis://u:hunter2@:bad:port", password: [hunter2]}').join();
  assert.match(redis, /redis\.password: expected a text.*redis\.url: expected a URL/);
  assert.doesNotMatch(redis, /hunter2/);
});

test(
  'the state directory of an ordinary user follows the XDG specification',
  { skip: process.getuid?.() === 0 ? 'root' : false },
  () => {
    assert.equal(thisMachine({ XDG_STATE_HOME: '/xdg' }).stateDirectory, '/xdg/dogwatch');
    assert.match(thisMachine({ XDG_STATE_HOME: 'relative' }).stateDirectory, /\.local\/state\/dogwatch$/);
  },
);
