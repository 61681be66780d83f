import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseValue } from '../../src/config/document.ts';
import { ConfigError } from '../../src/config/findings.ts';
import { loadConfig } from '../../src/config/load.ts';
import { mayBindPrivilegedPorts } from '../../src/config/privileged-ports.ts';
import { configSchema, type Config } from '../../src/config/schema.ts';
import { tlsOf } from '../../src/config/schema/listeners.ts';

const MACHINE = { hostname: 'n1', stateDirectory: '/state', privilegedPorts: false };

function load(context: TestContext, yaml: string): Config {
  const directory = mkdtempSync(join(tmpdir(), 'dogwatch-config-'));
  context.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'dogwatch.yaml'), yaml);
  return loadConfig({ directory, environment: {}, machine: MACHINE }).config;
}

/** The settings of one rule beside its name and action, as they are after loading. */
function rule(text: string): Record<string, unknown> {
  const { syslog } = configSchema(MACHINE).parse(parseValue(`{syslog: {rules: [{name: a, action: limit, ${text}}]}}`));
  const { name: _, action: _action, ...rest } = { ...syslog.rules[0] };
  return rest;
}

/** What is wrong, as lines without the name of the file, in the order of the text. */
function findings(context: TestContext, yaml: string): string[] {
  try {
    load(context, yaml);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.findings.map(
      ({ path, message, found }) => `${path}: ${message}${found === undefined ? '' : `, found ${found}`}`,
    );
  }
  return [];
}

test('where ports below 1024 may be bound syslog and traps are received on their own, and with a certificate on 6514', () => {
  const ports = (privilegedPorts: boolean, yaml: string) =>
    configSchema({ ...MACHINE, privilegedPorts })
      .parse(parseValue(yaml))
      .listeners.filter(({ family }) => family !== 'flow')
      .map(({ family, transport, port }) => `${family} ${transport} ${port}`);
  assert.deepEqual(ports(true, '{}'), ['syslog udp 514', 'syslog tcp 514', 'syslog relp 2514', 'snmp udp 162']);
  assert.deepEqual(ports(false, '{tls: {certificateFile: x}}'), [
    'syslog udp 5514',
    'syslog tcp 5514',
    'syslog relp 2514',
    'syslog tls 6514',
    'snmp udp 1162',
  ]);
});

test('ports below 1024 are for root, for the capability, and for everyone where the kernel says so', (context) => {
  const proc = (capabilities: string | undefined, start: string | undefined) => {
    const directory = mkdtempSync(join(tmpdir(), 'dogwatch-proc-'));
    context.after(() => rmSync(directory, { recursive: true }));
    for (const folder of ['self', 'sys/net/ipv4']) mkdirSync(join(directory, folder), { recursive: true });
    if (capabilities !== undefined)
      writeFileSync(join(directory, 'self/status'), `Name:\tnode\nCapEff:\t${capabilities}\n`);
    if (start !== undefined) writeFileSync(join(directory, 'sys/net/ipv4/ip_unprivileged_port_start'), `${start}\n`);
    return directory;
  };
  assert.equal(mayBindPrivilegedPorts(proc('0000000000000000', '1024'), 1000), false);
  assert.equal(mayBindPrivilegedPorts(proc('0000000000000400', '1024'), 1000), true, 'CAP_NET_BIND_SERVICE');
  assert.equal(mayBindPrivilegedPorts(proc('000001ffffffffff', '1024'), 0), true, 'root');
  assert.equal(mayBindPrivilegedPorts(proc('0000000000000000', '162'), 1000), true);
  assert.equal(mayBindPrivilegedPorts(proc('0000000000000000', '163'), 1000), false);
  assert.equal(mayBindPrivilegedPorts('/nowhere', 0), true);
  assert.equal(mayBindPrivilegedPorts('/nowhere', 1000), false);
});

test('one value or a list, names or numbers: rules end up as lists of numbers and texts', () => {
  assert.deepEqual(rule('facility: local7'), { facility: [23] });
  assert.deepEqual(rule('facility: [cron, 4, none]'), { facility: [-1, 4, 9] });
  assert.deepEqual(rule('severity: warning'), { severity: [4] });
  assert.deepEqual(rule('severity: "<=warning"'), { severity: [0, 1, 2, 3, 4] });
  assert.deepEqual(rule('severity: warning+'), { severity: [0, 1, 2, 3, 4] });
  assert.deepEqual(rule('severity: err..crit'), { severity: [2, 3] });
  assert.deepEqual(rule('severity: ≤3'), { severity: [0, 1, 2, 3] });
  assert.deepEqual(rule('severity: ">notice"'), { severity: [6, 7] });
  assert.deepEqual(rule('severity: ["< alert", debug, none]'), { severity: [-1, 0, 7] });
  assert.deepEqual(rule('severity: 0'), { severity: [0] });
  assert.deepEqual(rule('app: cron, from: 10.0.0.0/8'), { app: ['cron'], from: ['10.0.0.0/8'] });
  assert.deepEqual(rule('tags: [a, b:c]'), { tags: ['a', 'b:c'] });
});

test('a rate is a number in a span of time', () => {
  assert.deepEqual(rule('rate: 100/s'), { rate: { messages: 100, perMs: 1000 } });
  assert.deepEqual(rule('rate: 1000 / m'), { rate: { messages: 1000, perMs: 60_000 } });
  assert.deepEqual(rule('rate: 5/10m'), { rate: { messages: 5, perMs: 600_000 } });
  for (const bad of ['100', '0/s', 's', '1/2d', '5/0', '10/x', '-1/s', '2000/ms', '1.5/s']) {
    assert.throws(() => rule(`rate: ${bad}`), /expected a rate/, bad);
  }
});

test('everything wrong in the rules is named at once, with what is allowed', (context) => {
  const yaml = `
syslog:
  timeZone: CEST
  timeZones: {10.0.0.0/8: Europe/Berln, router: UTC}
  limits: {messageBytes: 1MiB}
  rules:
    - {name: a, action: drop, pattern: "a(b", facility: local9, severity: "<=bad"}
    - {name: b, action: block, tags: [a b], from: 10.0.0.0/99}
    - {action: drop, app: []}`;
  assert.deepEqual(findings(context, yaml).sort(), [
    'syslog.limits.messageBytes: expected 1KiB to 512KiB, found "1MiB"',
    'syslog.rules[0].facility: expected a facility such as local7, 23 or none, or a list of them, found "local9"',
    'syslog.rules[0].pattern: expected a regular expression of RE2: missing closing ): `a(b`, found "a(b"',
    'syslog.rules[0].severity: expected a severity such as warning, 4, warning+ (and worse), err..crit, ">=info" or none, or a list of them, found "<=bad"',
    'syslog.rules[1].action: expected one of drop, keep, limit, tag, found "block"',
    'syslog.rules[1].from: expected an address or a prefix such as 192.0.2.0/24 or 2001:db8::/32, found "10.0.0.0/99"',
    'syslog.rules[1].tags[0]: expected a tag of letters, digits, ".", "_", ":" and "-", up to 63 characters, found "a b"',
    'syslog.rules[2].app: expected a name or glob (* and ?), or a list of them, found []',
    'syslog.rules[2].name: missing; expected a text',
    'syslog.timeZone: expected an IANA name such as Europe/Berlin, an offset such as +02:00, or local, found "CEST"',
    'syslog.timeZones.router: expected an address or a prefix such as 192.0.2.0/24 or 2001:db8::/32, found "router"',
    'syslog.timeZones["10.0.0.0/8"]: expected an IANA name such as Europe/Berlin, an offset such as +02:00, or local, found "Europe/Berln"',
  ]);
});

test('rules need what their action needs, and nothing that it has no use for', (context) => {
  const yaml = `
syslog:
  rules:
    - {name: a, action: limit}
    - {name: b, action: tag}
    - {name: c, action: drop, tags: x, rate: 1/s, by: rule}
    - {name: a, action: keep}`;
  assert.deepEqual(findings(context, yaml), [
    'syslog.rules[0].rate: missing; action limit needs a rate such as 100/s',
    'syslog.rules[1].tags: missing; action tag needs tags',
    'syslog.rules[2].tags: expected action tag, keep or limit beside it, found drop: nobody would see them',
    'syslog.rules[2].rate: expected action limit beside it, found drop',
    'syslog.rules[2].by: expected action limit beside it, found drop',
    'syslog.rules[3].name: the name is taken by syslog.rules[0]',
  ]);
});

test('UDP and TCP have ports of their own; two sockets of one of them collide, also with http and the embedded server', (context) => {
  const yaml = `
listeners:
  - {family: syslog, port: 5514}
  - {family: syslog, port: 5514, transport: tcp}
  - {family: syslog, port: 5514, transport: relp, address: 127.0.0.1}
  - {family: syslog, port: 8055, transport: tcp}
  - {family: syslog, port: 5433, transport: tcp, address: 127.0.0.1}
  - {family: syslog, port: 8055}
database: {embedded: {port: 5433}}`;
  assert.deepEqual(findings(context, yaml), [
    'listeners[2]: 127.0.0.1 TCP port 5514 is taken by listeners[1] (::)',
    'http.port: 127.0.0.1 TCP port 8055 is taken by listeners[3] (::)',
    'database.embedded.port: 127.0.0.1 TCP port 5433 is taken by listeners[4] (127.0.0.1)',
  ]);
});

test('a listener has only the settings that its transport has a use for', (context) => {
  const yaml = `
listeners:
  - {family: flow, port: 1, transport: tcp}
  - {family: syslog, port: 2, maxConnections: 5}
  - {family: syslog, port: 3, transport: tcp, receiveBuffer: 8MiB, tls: {certificateFile: x}}
  - {family: syslog, port: 4, transport: tls}
  - {family: syslog, port: 5, transport: relp, tls: {clientSubjects: [a]}}
  - {family: syslog, port: 6, transport: tls, tls: {certificateFile: x, clientSubjects: [a]}}
  - {family: syslog, port: 7, transport: tcp, maxConnections: 5, maxConnectionsPerSource: 6}
  - {family: syslog, port: 8, transport: tls, tls: {certificateFile: x, clientSubjects: ["sha256:00"]}}`;
  assert.deepEqual(findings(context, yaml), [
    'listeners[0].transport: expected family syslog beside it, found flow: only syslog is received over tcp',
    'listeners[1].maxConnections: expected transport tcp, tls or relp beside it, found udp',
    'listeners[2].receiveBuffer: expected transport udp beside it, found tcp',
    'listeners[2].tls: expected transport tls or relp beside it, found tcp: nothing would be encrypted',
    'listeners[3]: expected a certificate for TLS: set tls.certificateFile, here or for all listeners',
    'listeners[4]: expected a certificate for TLS: set tls.certificateFile, here or for all listeners',
    'listeners[5].tls.clientSubjects: expected clientCaFile beside it, or fingerprints (sha256:…) alone: anybody can write a name into a certificate',
    'listeners[6].maxConnectionsPerSource: expected at most 5 (from maxConnections), found 6',
  ]);
});

test('a certificate that no listener uses is a mistake', (context) => {
  const yaml = 'tls: {certificateFile: x}\nlisteners: [{family: syslog, port: 1, transport: tcp}]';
  assert.deepEqual(findings(context, yaml), [
    'tls.certificateFile: expected a listener with transport tls beside it: nothing uses this certificate',
  ]);
});

test('a listener’s own certificate stands in place of the general one, and its key with it', (context) => {
  const { listeners, tls } = load(
    context,
    `
tls: {certificateFile: /g/cert.pem, keyFile: /g/key.pem, clientCaFile: /g/ca.pem, clientSubjects: [a]}
listeners:
  - {family: syslog, port: 1, transport: tls}
  - {family: syslog, port: 2, transport: tls, tls: {certificateFile: /own.pem}}
  - {family: syslog, port: 3, transport: relp, tls: {clientCaFile: /own-ca.pem}}
  - {family: syslog, port: 4, transport: relp}
  - {family: syslog, port: 5, transport: tcp}`,
  );
  const general = { certificateFile: '/g/cert.pem', keyFile: '/g/key.pem' };
  const clients = { clientCaFile: '/g/ca.pem', clientSubjects: ['a'] };
  assert.deepEqual(
    listeners.map((listener) => (listener.transport === 'udp' ? undefined : tlsOf(listener, tls))),
    [
      { ...general, ...clients },
      { certificateFile: '/own.pem', keyFile: '/own.pem', ...clients },
      { ...general, clientCaFile: '/own-ca.pem' },
      undefined,
      undefined,
    ],
  );
});

test('certificate files are looked for beside the configuration', (context) => {
  const { listeners, tls } = load(
    context,
    'tls: {certificateFile: tls/a.pem}\nlisteners: [{family: syslog, port: 1, transport: tls, tls: {keyFile: k.pem}}]',
  );
  assert.match(tls.certificateFile ?? '', /^\/.*dogwatch-config-.*\/tls\/a\.pem$/);
  const [listener] = listeners;
  assert.ok(listener !== undefined && listener.transport !== 'udp');
  assert.match(listener.tls?.keyFile ?? '', /^\/.*\/k\.pem$/);
});
