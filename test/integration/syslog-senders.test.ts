import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';

import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { type Certificate, CertificateAuthority } from '../support/certificates.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { runTool, type Tool } from '../support/processes.ts';
import { RSYSLOG_NEEDS, startRsyslog } from '../support/rsyslog.ts';
import {
  type SyslogCollector,
  type SyslogPorts,
  startSyslogCollector,
  storedCount,
} from '../support/syslog-collector.ts';
import { provideSyslogNg, startSyslogNg } from '../support/syslog-ng.ts';

let folder = '';
let authority: CertificateAuthority;
let router: Certificate;
let collector: SyslogCollector;
let client: DatabaseClient;

const hasOpenssl = skipWithout('openssl') === false;

before(async () => {
  folder = await temporaryDirectory();
  const database = await startTestDatabase();
  client = await connect(database.address);
  const options = { folder, databaseUrl: database.connectionString };
  collector = await startSyslogCollector(hasOpenssl ? { ...options, tls: makeCertificates() } : options);
});

after(async () => {
  await collector.process.stop();
  await disconnect(client);
});

function makeCertificates() {
  authority = new CertificateAuthority(folder);
  router = authority.issue('router', '/CN=router1');
  const own = authority.issue('collector', '/CN=collector', { DNS: 'localhost', IP: '127.0.0.1' });
  return { ...own, clientCaFile: authority.certificateFile, clientSubjects: ['router1'] };
}

const ownFolder = (): Promise<string> => mkdtemp(join(folder, 'sender-'));

function endWith(t: TestContext, tool: Tool): void {
  t.after(async () => {
    tool.child.kill('SIGKILL');
    await tool.exited;
  });
}

/** What the sender said stands beside the error. */
async function allStored(count: number, app: string, sender: Tool): Promise<void> {
  await storedCount(client, count, `app_name = '${app}'`).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${sender.output()}\n${collector.process.output}`);
  });
}

const COLUMNS = `facility, severity, format, transport, cut, host(device) AS device, hostname, app_name, proc_id, msg_id,
  vendor, dialect, mnemonic, message, structured_data, fields, tags, reason, raw`;

type Row = Readonly<Record<string, unknown>>;

async function rowsOf(app: string): Promise<Row[]> {
  const { rows } = await client.query<Row>(
    `SELECT ${COLUMNS} FROM syslog_messages WHERE app_name = $1 ORDER BY proc_id::int NULLS FIRST, received_at`,
    [app],
  );
  return rows;
}

const NOTHING = {
  proc_id: null,
  msg_id: null,
  vendor: null,
  dialect: null,
  mnemonic: null,
  structured_data: null,
  fields: null,
  tags: null,
  reason: null,
  raw: null,
};

const lines = (app: string, count: number): string[] =>
  Array.from(
    { length: count },
    (_, index) =>
      `<134>1 2026-03-05T11:22:33.123456Z router1 ${app} ${index} ID1 [x@1 n="${index}"] Gr\u00fc\u00dfe ${index}`,
  );

/** How `lines` are stored. */
const stored = (app: string, count: number, transport: string): Row[] =>
  Array.from({ length: count }, (_, index) => ({
    ...NOTHING,
    facility: 16,
    severity: 6,
    format: '5',
    transport,
    cut: false,
    device: '127.0.0.1',
    hostname: 'router1',
    app_name: app,
    proc_id: String(index),
    msg_id: 'ID1',
    structured_data: { 'x@1': { n: String(index) } },
    message: `Gr\u00fc\u00dfe ${index}`,
  }));

const OMFWD = 'type="omfwd" target="127.0.0.1"';
const OMFWD_TLS =
  'StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost"';
const OMRELP = 'type="omrelp" target="127.0.0.1"';
const omrelpTls = () =>
  `tls="on" tls.caCert="${authority.certificateFile}" tls.myCert="${router.certificateFile}" ` +
  `tls.myPrivKey="${router.keyFile}" tls.authMode="name" tls.permittedPeer=["collector"]`;

interface RsyslogSender {
  readonly name: string;
  readonly app: string;
  readonly needs: readonly string[];
  readonly transport: string;
  /** The receive buffer of a socket holds a few hundred. */
  readonly count: number;
  readonly action: (ports: SyslogPorts) => string;
}

const rsyslogs: RsyslogSender[] = [
  {
    name: 'UDP',
    app: 'rs-udp',
    needs: RSYSLOG_NEEDS.udp,
    transport: 'u',
    count: 200,
    action: ({ udp }) => `${OMFWD} protocol="udp" port="${udp}"`,
  },
  {
    name: 'TCP, newlines',
    app: 'rs-lf',
    needs: RSYSLOG_NEEDS.tcp,
    transport: 't',
    count: 2000,
    action: ({ tcp }) => `${OMFWD} protocol="tcp" port="${tcp}"`,
  },
  {
    name: 'TCP, octet counting',
    app: 'rs-octet',
    needs: RSYSLOG_NEEDS.tcp,
    transport: 't',
    count: 2000,
    action: ({ tcp }) => `${OMFWD} protocol="tcp" port="${tcp}" TCP_Framing="octet-counted"`,
  },
  {
    name: 'TLS',
    app: 'rs-tls',
    needs: RSYSLOG_NEEDS.tls,
    transport: 's',
    count: 2000,
    action: ({ tls }) => `${OMFWD} protocol="tcp" port="${tls}" TCP_Framing="octet-counted" ${OMFWD_TLS}`,
  },
  {
    name: 'RELP',
    app: 'rs-relp',
    needs: RSYSLOG_NEEDS.relp,
    transport: 'r',
    count: 2000,
    action: ({ relp }) => `${OMRELP} port="${relp}"`,
  },
  {
    name: 'RELP over TLS',
    app: 'rs-relp-tls',
    needs: [...RSYSLOG_NEEDS.relp, 'openssl'],
    transport: 'r',
    count: 2000,
    action: ({ relpTls }) => `${OMRELP} port="${relpTls}" ${omrelpTls()}`,
  },
];

const rsyslogTls = () => ({ ...router, authorityFile: authority.certificateFile, peer: 'collector' });

for (const { name, app, needs, transport, count, action } of rsyslogs) {
  test(
    `rsyslog over ${name}: every message is stored once, with its fields`,
    { skip: skipWithout(...needs) },
    async (t) => {
      const tls = transport === 's' ? rsyslogTls() : undefined;
      const rsyslog = await startRsyslog(await ownFolder(), lines(app, count), action(collector.ports), tls);
      endWith(t, rsyslog);
      await allStored(count, app, rsyslog);
      assert.deepEqual(await rowsOf(app), stored(app, count, transport));
    },
  );
}

const forms = [
  { name: 'RSYSLOG_SyslogProtocol23Format', format: '5' },
  { name: 'RSYSLOG_ForwardFormat', format: '3' },
  { name: 'RSYSLOG_TraditionalForwardFormat', format: '3' },
];
for (const { name, format } of forms) {
  test(
    `rsyslog's own ${name} is read with priority, time, host and tag`,
    { skip: skipWithout('rsyslogd') },
    async (t) => {
      const text = `in ${name}: 42`;
      const action = `${OMFWD} protocol="tcp" port="${collector.ports.tcp}" template="${name}"`;
      const rsyslog = await startRsyslog(await ownFolder(), [text], action);
      endWith(t, rsyslog);
      await storedCount(client, 1, `message LIKE '%in ${name}: 42'`);
      const { rows } = await client.query<Row>(
        `SELECT ${COLUMNS}, abs(extract(epoch FROM received_at - device_time)) < 60 AS timely
       FROM syslog_messages WHERE message LIKE '%in ${name}: 42'`,
      );
      // imfile gives local0 (16) and notice (5); the tag is ours.
      assert.deepEqual(rows, [
        {
          ...NOTHING,
          facility: 16,
          severity: 5,
          format,
          transport: 't',
          cut: false,
          device: '127.0.0.1',
          hostname: hostname(),
          app_name: 'test',
          message: text,
          timely: true,
        },
      ]);
    },
  );
}

const syslogNg = provideSyslogNg();

interface NgSender {
  readonly name: string;
  readonly app: string;
  readonly overTls: boolean;
  readonly transport: string;
  readonly count: number;
  readonly destination: (ports: SyslogPorts) => string;
}

// `network` sends lines, `syslog` counts octets; both speak RFC 5424 here.
const syslogNgs: NgSender[] = [
  {
    name: 'syslog() over UDP',
    app: 'ng-udp',
    overTls: false,
    transport: 'u',
    count: 200,
    destination: ({ udp }) => `syslog("127.0.0.1" transport("udp") port(${udp}));`,
  },
  {
    name: 'syslog() over TCP',
    app: 'ng-tcp',
    overTls: false,
    transport: 't',
    count: 2000,
    destination: ({ tcp }) => `syslog("127.0.0.1" transport("tcp") port(${tcp}));`,
  },
  {
    name: 'network() over TCP',
    app: 'ng-lines',
    overTls: false,
    transport: 't',
    count: 2000,
    destination: ({ tcp }) => `network("127.0.0.1" transport("tcp") port(${tcp}) flags(syslog-protocol));`,
  },
  {
    name: 'syslog() over TLS',
    app: 'ng-tls',
    overTls: true,
    transport: 's',
    count: 2000,
    destination: ({ tls }) =>
      `syslog("127.0.0.1" transport("tls") port(${tls}) tls(ca-file("${authority.certificateFile}") ` +
      `cert-file("${router.certificateFile}") key-file("${router.keyFile}") peer-verify(required-trusted)));`,
  },
];
for (const { name, app, overTls, transport, count, destination } of syslogNgs) {
  const skip = typeof syslogNg === 'string' ? syslogNg : skipWithout(...(overTls ? ['openssl'] : []));
  test(`syslog-ng, ${name}: every message is stored once, with its fields`, { skip }, async (t) => {
    if (typeof syslogNg === 'string') return;
    const sender = await startSyslogNg(syslogNg, await ownFolder(), lines(app, count), destination(collector.ports));
    endWith(t, sender);
    await allStored(count, app, sender);
    const rows = await rowsOf(app);
    // It numbers what it sends (RFC 5424 section 7.3.1).
    const withoutNumbers = rows.map((row) => {
      const { meta: _, ...elements } = Object(row['structured_data']);
      return { ...row, structured_data: elements };
    });
    assert.deepEqual(withoutNumbers, stored(app, count, transport));
  });
}

interface LoggerCase {
  readonly name: string;
  readonly parameters: readonly string[];
  /** Lines of a file that it reads. */
  readonly input?: readonly string[];
  /** What differs from `LOGGED`. */
  readonly rows: readonly Row[];
}

const LOGGED = {
  ...NOTHING,
  facility: 1,
  severity: 5,
  cut: false,
  device: '127.0.0.1',
  hostname: hostname(),
  message: 'said',
};

const loggerCases: LoggerCase[] = [
  { name: 'its default', parameters: ['said'], rows: [{ format: '5' }] },
  { name: 'RFC 3164', parameters: ['--rfc3164', 'said'], rows: [{ format: '3' }] },
  {
    name: 'RFC 3164 with its pid',
    parameters: ['--rfc3164', '--id=77', 'said'],
    rows: [{ format: '3', proc_id: '77' }],
  },
  { name: 'RFC 5424', parameters: ['--rfc5424', 'said'], rows: [{ format: '5' }] },
  { name: 'RFC 5424 without quality', parameters: ['--rfc5424=notq', 'said'], rows: [{ format: '5' }] },
  {
    name: 'RFC 5424 without time, host and quality',
    parameters: ['--rfc5424=notime,notq,nohost', 'said'],
    rows: [{ format: '5', hostname: null, timely: null }],
  },
  {
    name: 'structured data and a message id',
    parameters: [
      '--id=77',
      '-p',
      'local3.warning',
      '--msgid',
      'ID7',
      '--sd-id',
      'zoo@123',
      '--sd-param',
      'tiger="hungry"',
      '--sd-param',
      'bear="a \\"b\\" \\] c"',
      'said',
    ],
    rows: [
      {
        format: '5',
        facility: 19,
        severity: 4,
        proc_id: '77',
        msg_id: 'ID7',
        structured_data: { 'zoo@123': { tiger: 'hungry', bear: 'a "b" ] c' } },
      },
    ],
  },
  {
    name: 'several lines with priorities, empty ones skipped',
    parameters: ['--prio-prefix', '-e'],
    input: ['<11>one', '', '<12>two'],
    rows: [
      { format: '5', severity: 3, message: 'one' },
      { format: '5', severity: 4, message: 'two' },
    ],
  },
  { name: 'standard error as well', parameters: ['-s', 'said'], rows: [{ format: '5' }] },
  { name: 'a size', parameters: ['--size', '8', 'a longer text'], rows: [{ format: '5', message: 'a longer' }] },
  {
    name: 'a long message',
    parameters: ['--size', '4000', 'x'.repeat(3900)],
    rows: [{ format: '5', message: 'x'.repeat(3900) }],
  },
  {
    name: 'no priority of its own but kern.emerg',
    parameters: ['-p', 'kern.emerg', 'said'],
    rows: [{ format: '5', facility: 1, severity: 0 }],
  },
];

/** TCP with octet counts as well, which `logger` has over both. */
const loggerTransports = [
  { name: 'UDP', code: 'u', parameters: ['-d'], port: ({ udp }: SyslogPorts) => udp },
  { name: 'TCP', code: 't', parameters: ['-T'], port: ({ tcp }: SyslogPorts) => tcp },
  { name: 'TCP, octet counts', code: 't', parameters: ['-T', '--octet-count'], port: ({ tcp }: SyslogPorts) => tcp },
];

for (const [way, { name: transport, code, parameters: how, port }] of loggerTransports.entries()) {
  test(
    `logger over ${transport}, all its modes: every message is stored once, with its fields`,
    { skip: skipWithout('logger') },
    async () => {
      const input = join(await ownFolder(), 'input');
      const appOf = (index: number): string => `logger-${way}-${index}`;
      for (const [index, { parameters, input: text }] of loggerCases.entries()) {
        if (text !== undefined) await writeFile(input, text.map((line) => `${line}\n`).join(''));
        const target = [...how, '-n', '127.0.0.1', '-P', String(port(collector.ports)), '-t', appOf(index)];
        const from = text === undefined ? [] : ['-f', input];
        const { code: exit, output } = await runTool('logger', [...target, ...from, ...parameters], folder);
        assert.equal(exit, 0, output);
      }
      const total = loggerCases.reduce((sum, { rows }) => sum + rows.length, 0);
      await storedCount(client, total, `app_name LIKE 'logger-${way}-%'`);
      for (const [index, { name, rows: differences }] of loggerCases.entries()) {
        const { rows } = await client.query<Row>(
          `SELECT ${COLUMNS}, structured_data - 'timeQuality' AS structured_data,
                abs(extract(epoch FROM received_at - device_time)) < 60 AS timely
         FROM syslog_messages WHERE app_name = $1 ORDER BY received_at, message`,
          [appOf(index)],
        );
        const same = rows.map((row) => ({ ...row, structured_data: emptyAsNull(row['structured_data']) }));
        const expected = differences.map((row) => ({
          ...LOGGED,
          app_name: appOf(index),
          transport: code,
          timely: true,
          ...row,
        }));
        assert.deepEqual(same, expected, name);
      }
    },
  );
}

function emptyAsNull(value: unknown): unknown {
  return value !== null && typeof value === 'object' && Object.keys(value).length === 0 ? null : value;
}
