import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SyslogMessage } from '../../../collectors/syslog/message.ts';
import { fieldsOf, parsed, timeOf } from './parsed.ts';

/** Vendor, mnemonic, host, app and text, which is what a dialect has to get right. */
function summary(message: SyslogMessage): unknown[] {
  return [message.vendor, message.mnemonic, message.hostname, message.appName, message.text];
}

const cisco: [string, string, unknown[], string | undefined][] = [
  [
    'IOS with a sequence number and a clock that was never set',
    '<187>148: *Mar  1 18:46:11: %LINK-3-UPDOWN: Interface Port-channel1, changed state to up',
    ['cisco', 'LINK-3-UPDOWN', undefined, '%LINK-3-UPDOWN', 'Interface Port-channel1, changed state to up'],
    '2026-03-01T18:46:11.000000Z',
  ],
  [
    'IOS with origin-id, two numbers, milliseconds and a zone',
    '<189>20: rtr1: 6340004: .Mar  5 11:22:33.456 CET: %SYS-5-CONFIG_I: Configured from console',
    ['cisco', 'SYS-5-CONFIG_I', 'rtr1', '%SYS-5-CONFIG_I', 'Configured from console'],
    '2026-03-05T10:22:33.456000Z',
  ],
  [
    'IOS that logs its uptime',
    '<191>94103: 51w2d: %DHCPD-7-ASSIGN: assigned',
    ['cisco', 'DHCPD-7-ASSIGN', undefined, '%DHCPD-7-ASSIGN', 'assigned'],
    undefined,
  ],
  [
    'IOS XR with node and process',
    '<166>RP/0/RSP0/CPU0:Mar  5 11:22:33.123 UTC: config[65539]: %MGBL-CONFIG-6-DB_COMMIT : Configuration committed',
    ['cisco', 'MGBL-CONFIG-6-DB_COMMIT', undefined, 'config', 'Configuration committed'],
    '2026-03-05T11:22:33.123000Z',
  ],
  [
    'NX-OS with the year first',
    '<189>: 2026 Mar  5 11:22:33 EST: %ETHPORT-5-IF_UP: Interface Ethernet1/1 is up',
    ['cisco', 'ETHPORT-5-IF_UP', undefined, '%ETHPORT-5-IF_UP', 'Interface Ethernet1/1 is up'],
    '2026-03-05T16:22:33.000000Z',
  ],
  [
    'ASA with year and host',
    '<166>Mar 05 2026 11:22:33 fw1 : %ASA-6-302013: Built inbound TCP connection 401',
    ['cisco', 'ASA-6-302013', 'fw1', '%ASA-6-302013', 'Built inbound TCP connection 401'],
    '2026-03-05T11:22:33.000000Z',
  ],
  [
    'ASA without host',
    '<166>Mar 05 2026 11:22:33: %ASA-6-302013: Built inbound TCP connection 401',
    ['cisco', 'ASA-6-302013', undefined, '%ASA-6-302013', 'Built inbound TCP connection 401'],
    '2026-03-05T11:22:33.000000Z',
  ],
  [
    'Arista EOS',
    '<134>Mar  5 11:22:33 leaf1 Ebra: %LINEPROTO-5-UPDOWN: Line protocol on Interface Ethernet1 is up',
    ['arista', 'LINEPROTO-5-UPDOWN', 'leaf1', 'Ebra', 'Line protocol on Interface Ethernet1 is up'],
    '2026-03-05T11:22:33.000000Z',
  ],
];
for (const [name, raw, wanted, time] of cisco) {
  test(name, () => {
    const message = parsed(raw);
    assert.deepEqual(summary(message), wanted);
    assert.equal(timeOf(message), time);
  });
}

test("Cisco's clock marks, numbers and uptime become fields", () => {
  assert.deepEqual(fieldsOf(parsed('<189>20: rtr1: 634: .Mar  5 11:22:33: %SYS-5-CONFIG_I: x')), {
    sequence: '20',
    deviceSequence: '634',
    clock: 'not synchronised',
  });
  assert.deepEqual(fieldsOf(parsed('<191>94103: *00:01:01: %A-1-B: x')), {
    sequence: '94103',
    uptime: '00:01:01',
    clock: 'not set',
  });
});

test('without PRI, the severity is that of the mnemonic and the facility stays open', () => {
  const message = parsed('Mar  5 11:22:33 sw1 %LINK-3-UPDOWN: down');
  assert.deepEqual([message.facility, message.severity], [undefined, 3]);
});

test('percent signs that begin no mnemonic stay text', () => {
  for (const text of ['% of disk used', '%d items', '%A-9-B: x', '%-1-X: y', '%%', '%']) {
    assert.equal(parsed(`<13>Mar  5 11:22:33 host ${text}`).text, text);
  }
});

test('Junos in its plain form', () => {
  const message = parsed(
    '<28>Mar  5 11:22:33 mx1 rpd[1234]: BGP_PREFIX_THRESH_EXCEEDED: 192.0.2.1 (External AS 64500): exceeded',
  );
  assert.deepEqual(summary(message), [
    'juniper',
    'BGP_PREFIX_THRESH_EXCEEDED',
    'mx1',
    'rpd',
    '192.0.2.1 (External AS 64500): exceeded',
  ]);
});

test('Junos with explicit priority', () => {
  const message = parsed('<28>Mar  5 11:22:33 mx1 mib2d[77]: %DAEMON-4-SNMP_TRAP_LINK_DOWN: ifIndex 584');
  assert.deepEqual(summary(message), ['juniper', 'SNMP_TRAP_LINK_DOWN', 'mx1', 'mib2d', 'ifIndex 584']);
});

test('Junos with structured data', () => {
  const message = parsed(
    '<14>1 2026-03-05T11:22:33.456Z srx1 RT_FLOW - RT_FLOW_SESSION_DENY [junos@2636.1.1.1.2.28 source-address="192.0.2.1" policy-name="p"] denied',
  );
  assert.deepEqual([message.vendor, message.mnemonic, message.text], ['juniper', 'RT_FLOW_SESSION_DENY', 'denied']);
  assert.equal(message.structuredData!['junos@2636.1.1.1.2.28']!['source-address'], '192.0.2.1');
});

test('Huawei with year and zone in the stamp', () => {
  const message = parsed(
    '<189>Mar  5 2026 11:22:33+08:00 NE40 %%01IFNET/4/LINK_STATE(l)[12]:The line protocol went DOWN.',
  );
  assert.deepEqual(summary(message), ['huawei', 'IFNET/4/LINK_STATE', 'NE40', 'IFNET', 'The line protocol went DOWN.']);
  assert.deepEqual(fieldsOf(message), { type: 'l', serial: '12' });
  assert.equal(timeOf(message), '2026-03-05T03:22:33.000000Z');
});

test('H3C with the year behind the time', () => {
  const message = parsed('<189>Mar  5 11:22:33 2026 HP5500 %%10SHELL/5/SHELL_LOGIN: admin logged in from 192.0.2.7.');
  assert.deepEqual(summary(message), [
    'h3c',
    'SHELL/5/SHELL_LOGIN',
    'HP5500',
    'SHELL',
    'admin logged in from 192.0.2.7.',
  ]);
});

test('FortiGate: pairs, quoted values, and the exact event time in nanoseconds', () => {
  const message = parsed(
    '<189>date=2026-03-05 time=12:22:33 devname="FG-1" devid="FG100E" logid="0000000013" type="traffic" eventtime=1772709753456789012 tz="+0100" msg="a \\"quoted\\" = sign"',
  );
  assert.deepEqual([message.vendor, message.hostname, message.mnemonic], ['fortinet', 'FG-1', '0000000013']);
  assert.equal(timeOf(message)?.slice(0, 23), '2026-03-05T11:22:33.456');
  assert.equal(fieldsOf(message)['msg'], 'a "quoted" = sign');
});

test('a quoted value may end in the backslash of a Windows path', () => {
  const fields = fieldsOf(parsed('<13>Mar  5 11:22:33 h user="joe" path="C:\\dir\\" note="a \\"b\\" c" last="d\\"'));
  assert.deepEqual(fields, { user: 'joe', path: 'C:\\dir\\', note: 'a "b" c', last: 'd\\' });
});

test('FortiGate without event time uses date, time and zone', () => {
  const message = parsed('<189>date=2026-03-05 time=12:22:33 devname=FG-1 devid=FG100E logid=1 tz="+0100" type=event');
  assert.equal(timeOf(message), '2026-03-05T11:22:33.000000Z');
  assert.equal(message.zoneGuessed, false);
});

test('SonicWall', () => {
  const message = parsed(
    '<134>id=firewall sn=C0EAE4000001 time="2026-03-05 11:22:33 UTC" fw=192.0.2.1 pri=6 c=1024 m=537 msg="Connection Closed"',
  );
  assert.deepEqual(
    [message.vendor, message.mnemonic, message.hostname, timeOf(message)],
    ['sonicwall', '537', '192.0.2.1', '2026-03-05T11:22:33.000000Z'],
  );
});

test('Palo Alto: columns get their names, quotes and doubled quotes are undone', () => {
  const message = parsed(
    '<14>Mar  5 11:22:33 pa1 1,2026/03/05 11:22:33,001801000001,TRAFFIC,end,2049,2026/03/05 11:22:32,192.0.2.1,198.51.100.2,0.0.0.0,0.0.0.0,"rule, ""one""",,,ssl,vsys1',
  );
  const fields = fieldsOf(message);
  assert.deepEqual([message.vendor, message.mnemonic, message.hostname], ['palo-alto', 'TRAFFIC-end', 'pa1']);
  assert.deepEqual(
    [fields['src'], fields['dst'], fields['rule'], fields['app']],
    ['192.0.2.1', '198.51.100.2', 'rule, "one"', 'ssl'],
  );
  assert.equal(timeOf(message), '2026-03-05T11:22:32.000000Z');
});

test('Check Point as Log Exporter sends it, which only looks like structured data', () => {
  const message = parsed(
    '<134>1 2026-03-05T11:22:33Z cp1 CheckPoint 26203 - [action:"Drop"; flags:"278528"; src:"192.0.2.1"]',
  );
  assert.deepEqual([message.vendor, message.reason, message.appName], ['check-point', undefined, 'CheckPoint']);
  assert.deepEqual(fieldsOf(message), { action: 'Drop', flags: '278528', src: '192.0.2.1' });
});

test('F5 names the level before the tag and a code behind it', () => {
  const message = parsed('<133>Mar  5 11:22:33 slot1/bigip1 notice mcpd[6760]: 01070417:5: AUDIT - user admin');
  assert.deepEqual(summary(message), ['f5', '01070417', 'bigip1', 'mcpd', 'AUDIT - user admin']);
});

test('MikroTik with topics and a firewall line', () => {
  const message = parsed(
    '<30>Mar  5 11:22:33 rb1 firewall,info forward: in:ether1 out:(unknown 0), src-mac 00:11:22:33:44:55, proto TCP (SYN), 192.0.2.1:1000->198.51.100.2:443, len 60',
  );
  assert.deepEqual([message.vendor, message.appName, message.hostname], ['mikrotik', 'firewall', 'rb1']);
  assert.deepEqual(fieldsOf(message), {
    topics: 'firewall,info',
    in: 'ether1',
    out: '(unknown 0)',
    'src-mac': '00:11:22:33:44:55',
    proto: 'TCP (SYN)',
    src: '192.0.2.1:1000',
    dst: '198.51.100.2:443',
    len: '60',
  });
});

test('UniFi access points send model, address and firmware in place of a host name', () => {
  const message = parsed(
    '<30>Mar  5 11:22:33 U7PG2,fcecda000001,v4.3.28: hostapd: ath0: STA 00:11:22:33:44:55 associated',
  );
  assert.deepEqual(summary(message), [
    'ubiquiti',
    undefined,
    undefined,
    'hostapd',
    'ath0: STA 00:11:22:33:44:55 associated',
  ]);
  assert.deepEqual(fieldsOf(message), { model: 'U7PG2', mac: 'fcecda000001', firmware: '4.3.28' });
});

test('EdgeOS firewall lines', () => {
  const message = parsed(
    '<4>Mar  5 11:22:33 ubnt kernel: [WAN_LOCAL-default-D]IN=eth0 OUT= SRC=192.0.2.1 DST=198.51.100.2 LEN=60 SYN URGP=0',
  );
  assert.deepEqual(
    [message.vendor, message.mnemonic, fieldsOf(message)['SRC'], fieldsOf(message)['OUT']],
    ['ubiquiti', 'WAN_LOCAL-default-D', '192.0.2.1', ''],
  );
});

test('ESXi', () => {
  const message = parsed(
    '<166>2026-03-05T11:22:33.456Z esx1 Vpxa: verbose vpxa[1234] [Originator@6876 sub=VpxaCnxHostd opID=WFU-1] Received',
  );
  assert.deepEqual([message.vendor, message.hostname, message.appName], ['vmware', 'esx1', 'Vpxa']);
  assert.deepEqual(fieldsOf(message), { level: 'verbose', sub: 'VpxaCnxHostd', opID: 'WFU-1' });
});

test("Snare's columns, divided by tabs", () => {
  const message = parsed(
    '<13>Mar  5 11:22:33 dc1 MSWinEventLog\t1\tSecurity\t42\tThu Mar 05 11:22:33 2026\t4624\tMicrosoft-Windows-Security-Auditing\tadmin\tN/A\tSuccess Audit\tdc1\tLogon\t\tAn account was logged on',
  );
  assert.deepEqual([message.vendor, message.mnemonic, message.hostname], ['microsoft', '4624', 'dc1']);
  assert.equal(fieldsOf(message)['log'], 'Security');
});

test('NXLog names the event id in structured data', () => {
  const message = parsed(
    '<14>1 2026-03-05T11:22:33Z dc1 Security 4 - [NXLOG@14506 EventID="4625" Channel="Security"] failed',
  );
  assert.deepEqual([message.vendor, message.mnemonic], ['microsoft', '4625']);
});

test('CEF: bars and equals signs are escaped, values hold blanks', () => {
  const message = parsed(
    '<13>Mar  5 11:22:33 h CEF:0|Ac\\|me|Prod|1.0|100|a \\| name|10|src=192.0.2.1 act=blocked a \\= b msg=two words dst=198.51.100.2',
  );
  assert.deepEqual([message.vendor, message.mnemonic], ['Ac|me', '100']);
  const fields = fieldsOf(message);
  assert.deepEqual(
    [fields['name'], fields['act'], fields['msg'], fields['dst']],
    ['a | name', 'blocked a = b', 'two words', '198.51.100.2'],
  );
});

test('LEEF 1.0 is divided by tabs, 2.0 by what it says', () => {
  const one = parsed('<13>Mar  5 11:22:33 h LEEF:1.0|IBM|P|1|Login|src=192.0.2.1\tusrName=joe black');
  assert.deepEqual([one.vendor, one.mnemonic, fieldsOf(one)['usrName']], ['IBM', 'Login', 'joe black']);
  for (const delimiter of ['^', '0x5E', 'x5e']) {
    assert.equal(
      fieldsOf(parsed(`<13>Mar  5 11:22:33 h LEEF:2.0|IBM|P|1|Login|${delimiter}|src=192.0.2.1^sev=5`))['sev'],
      '5',
    );
  }
});

test('JSON in place of text gives fields, and its time where the header has none', () => {
  const message = parsed('<13>{"timestamp":"2026-03-05T11:22:33.5Z","a":1,"b":{"c":[2]},"d":null}');
  assert.deepEqual(fieldsOf(message), { timestamp: '2026-03-05T11:22:33.5Z', a: '1', b: '{"c":[2]}' });
  assert.equal(timeOf(message), '2026-03-05T11:22:33.500000Z');
});

test('NUL and broken surrogates that JSON escapes are replaced in the fields', () => {
  assert.deepEqual(fieldsOf(parsed('<13>{"a":"x\\u0000y","b":"\\ud800"}')), { a: 'x\uFFFDy', b: '\uFFFD' });
});

test('Cisco ISE without a colon behind its category', () => {
  const message = parsed(
    '<181>Mar  5 11:22:33 ise1 CISE_Failed_Attempts 0000000042 2 0 2026-03-05 11:22:33.456 +01:00 0178632943 5400 NOTICE Failed-Attempt: Authentication failed, ConfigVersionId=12, UserName=joe',
  );
  assert.deepEqual(
    [message.vendor, message.mnemonic, message.appName, timeOf(message)],
    ['cisco', '5400', 'CISE_Failed_Attempts', '2026-03-05T10:22:33.456000Z'],
  );
  assert.equal(fieldsOf(message)['UserName'], 'joe');
});

test('a sentence that begins like a dialect stays what it is', () => {
  for (const text of [
    'info desk is closed',
    'system, info',
    'CEF:nonsense',
    'LEEF:1.0|a|b',
    'a=b',
    'id=1 is bad',
    '1,2,3',
    '{broken',
    '[x',
  ]) {
    const message = parsed(`<13>Mar  5 11:22:33 host ${text}`);
    assert.deepEqual([message.hostname, message.text, message.vendor], ['host', text, undefined]);
  }
});
