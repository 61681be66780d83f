import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SnmpNames } from '../../../../collectors/snmp/names/snmp-names.ts';
import { nameTable } from '../../../../collectors/snmp/names/standard-names.ts';
import { nameAgain } from '../../../../collectors/snmp/names/stored-varbind.ts';

const names = new SnmpNames(nameTable());
const nameOf = (oid: string) => names.lookUp(oid)?.name;

test('the standard traps have their names', () => {
  const traps = ['coldStart', 'warmStart', 'linkDown', 'linkUp', 'authenticationFailure', 'egpNeighborLoss'];
  const found = traps.map((_, index) => nameOf(`1.3.6.1.6.3.1.1.5.${index + 1}`)?.split('::')[1]);
  assert.deepEqual(found, traps);
});

test('notifications that people meet are known by name', () => {
  // From the RFCs and IEEE modules that define them.
  const expected = new Map([
    ['1.3.6.1.2.1.15.0.2', 'BGP4-MIB::bgpBackwardTransNotification'],
    ['1.3.6.1.2.1.15.7.2', 'BGP4-MIB::bgpBackwardTransition'],
    ['1.3.6.1.2.1.14.16.2.2', 'OSPF-TRAP-MIB::ospfNbrStateChange'],
    ['1.3.6.1.2.1.191.0.2', 'OSPFV3-MIB::ospfv3NbrStateChange'],
    ['1.3.6.1.2.1.138.0.17', 'ISIS-MIB::isisAdjacencyChange'],
    ['1.3.6.1.2.1.17.0.1', 'BRIDGE-MIB::newRoot'],
    ['1.3.6.1.2.1.17.0.2', 'BRIDGE-MIB::topologyChange'],
    ['1.3.6.1.2.1.47.2.0.1', 'ENTITY-MIB::entConfigChange'],
    ['1.3.6.1.2.1.131.0.1', 'ENTITY-STATE-MIB::entStateOperEnabled'],
    ['1.3.6.1.2.1.68.0.1', 'VRRP-MIB::vrrpTrapNewMaster'],
    ['1.3.6.1.2.1.10.166.4.0.3', 'MPLS-LDP-STD-MIB::mplsLdpSessionUp'],
    ['1.3.6.1.2.1.10.166.11.0.1', 'MPLS-L3VPN-STD-MIB::mplsL3VpnVrfUp'],
    ['1.3.6.1.2.1.10.166.3.0.1', 'MPLS-TE-STD-MIB::mplsTunnelUp'],
    ['1.3.6.1.2.1.16.0.1', 'RMON-MIB::risingAlarm'],
    ['1.3.6.1.2.1.80.0.1', 'DISMAN-PING-MIB::pingProbeFailed'],
    ['1.3.6.1.2.1.88.2.0.1', 'DISMAN-EVENT-MIB::mteTriggerFired'],
    ['1.3.6.1.2.1.105.0.1', 'POWER-ETHERNET-MIB::pethPsePortOnOffNotification'],
    ['1.0.8802.1.1.2.0.0.1', 'LLDP-MIB::lldpRemTablesChange'],
    ['1.3.6.1.2.1.33.2.1', 'UPS-MIB::upsTrapOnBattery'],
    ['1.3.6.1.2.1.43.18.2.0.1', 'Printer-MIB::printerV2Alert'],
    ['1.3.6.1.4.1.8072.4.0.2', 'NET-SNMP-AGENT-MIB::nsNotifyShutdown'],
  ]);
  assert.deepEqual(new Map([...expected.keys()].map((oid) => [oid, nameOf(oid)])), expected);
});

test('an instance has its index behind its name', () => {
  assert.equal(nameOf('1.3.6.1.2.1.2.2.1.8.3'), 'IF-MIB::ifOperStatus.3');
  assert.equal(nameOf('1.3.6.1.2.1.1.3.0'), 'SNMPv2-MIB::sysUpTime.0');
  assert.equal(nameOf('1.3.6.1.2.1.31.1.1.1.1.10101'), 'IF-MIB::ifName.10101');
});

test('an index of addresses, texts and enumerations is read by its syntax (RFC 2578 section 7.7)', () => {
  assert.equal(nameOf('1.3.6.1.2.1.15.3.1.2.192.0.2.1'), 'BGP4-MIB::bgpPeerState.192.0.2.1');
  assert.equal(
    nameOf('1.3.6.1.6.3.16.1.2.1.3.3.6.112.117.98.108.105.99'),
    'SNMP-VIEW-BASED-ACM-MIB::vacmGroupName.3."public"',
  );
  // IMPLIED: no length before it.
  assert.equal(nameOf('1.3.6.1.6.3.18.1.1.1.2.97.98'), 'SNMP-COMMUNITY-MIB::snmpCommunityName."ab"');
  assert.equal(nameOf('1.3.6.1.2.1.4.34.1.3.1.4.192.0.2.1'), 'IP-MIB::ipAddressIfIndex.ipv4.192.0.2.1');
  assert.equal(
    nameOf('1.3.6.1.2.1.4.34.1.3.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1'),
    'IP-MIB::ipAddressIfIndex.ipv6.2001:db8::1',
  );
  assert.equal(nameOf('1.3.6.1.2.1.17.4.3.1.2.0.27.33.10.11.12'), 'BRIDGE-MIB::dot1dTpFdbPort.00:1b:21:0a:0b:0c');
});

test('an index that does not fit stays as numbers', () => {
  assert.equal(nameOf('1.3.6.1.2.1.15.3.1.2.192.0.2'), 'BGP4-MIB::bgpPeerState.192.0.2');
  assert.equal(nameOf('1.3.6.1.2.1.15.3.1.2.192.0.2.300'), 'BGP4-MIB::bgpPeerState.192.0.2.300');
  assert.equal(nameOf('1.3.6.1.6.3.16.1.2.1.3.3.99.1'), 'SNMP-VIEW-BASED-ACM-MIB::vacmGroupName.3.99.1');
});

test('an augmenting row has the index of the row that it augments', () => {
  assert.equal(nameOf('1.3.6.1.2.1.17.7.1.4.5.1.1.7'), 'Q-BRIDGE-MIB::dot1qPvid.7');
});

test('of an unknown OID the vendor is said, or what is above it', () => {
  assert.equal(nameOf('1.3.6.1.4.1.9.9.43.2.0.1'), 'enterprises::cisco.9.43.2.0.1');
  assert.equal(nameOf('1.3.6.1.4.1.99999.1'), 'SNMPv2-SMI::enterprises.99999.1');
  assert.equal(nameOf('1.3.6.1'), undefined);
  assert.equal(nameOf('2.999'), undefined);
  assert.equal(nameOf(''), undefined);
});

test('an OID of ten thousand arcs is looked up like any other', () => {
  const oid = `1.3.6.1.2.1.15.3.1.2${'.4294967295'.repeat(10_000)}`;
  assert.ok(nameOf(oid)?.startsWith('BGP4-MIB::bgpPeerState.4294967295.'));
});

test('numbers are written with their label, as a time, or as they stand', () => {
  assert.equal(names.lookUp('1.3.6.1.2.1.2.2.1.8.3')?.integerText?.(2), 'down(2)');
  assert.equal(names.lookUp('1.3.6.1.2.1.2.2.1.8.3')?.integerText?.(99), '99');
  assert.equal(names.lookUp('1.3.6.1.2.1.2.2.1.1.3')?.integerText?.(3), '3');
  assert.equal(names.lookUp('1.3.6.1.2.1.2.2.1.10.3')?.integerText?.(3), undefined);
  assert.equal(names.lookUp('1.3.6.1.2.1.1.3.0')?.integerText?.(8_640_000 + 366_101), '1d 01:01:01.01');
});

test('octets are written as addresses, times and names of bits', () => {
  const text = (oid: string, hex: string) => names.lookUp(oid)?.octetsText?.(Buffer.from(hex, 'hex'));
  assert.equal(text('1.3.6.1.2.1.2.2.1.6.3', '001b210a0b0c'), '00:1b:21:0a:0b:0c');
  assert.equal(text('1.3.6.1.2.1.25.1.2.0', '07c8051a0d1e0f002d0400'), '1992-05-26T13:30:15.0-04:00');
  assert.equal(text('1.3.6.1.2.1.25.1.2.0', '0000000000000000'), '0-0-0,0:0:0.0');
  assert.equal(text('1.0.8802.1.1.2.1.4.1.1.11.0.5.1', '28'), 'bridge(2) router(4)');
  // A plain text needs no other form.
  assert.equal(text('1.3.6.1.2.1.1.1.0', '6162'), undefined);
});

test('when the table is exchanged, names are asked again', () => {
  const changing = new SnmpNames(nameTable());
  const before = changing.generation;
  assert.equal(changing.lookUp('1.3.6.1.4.1.9.1')?.name, 'enterprises::cisco.1');
  const node = { oid: '1.3.6.1.4.1.9.1', name: 'ciscoProducts', kind: 'scalar' } as const;
  changing.replace(nameTable([{ module: 'CISCO-SMI', types: {}, nodes: [node] }]));
  assert.ok(changing.generation > before);
  assert.equal(changing.lookUp('1.3.6.1.4.1.9.1')?.name, 'CISCO-SMI::ciscoProducts');
});

test('a stored varbind is named again, and keeps what is not known today', () => {
  assert.deepEqual(nameAgain(names, { oid: '1.3.6.1.2.1.2.2.1.8.3', type: 'Integer', value: 2 }), {
    oid: '1.3.6.1.2.1.2.2.1.8.3',
    name: 'IF-MIB::ifOperStatus.3',
    type: 'Integer',
    value: 2,
    text: 'down(2)',
  });
  const mac = { oid: '1.3.6.1.2.1.2.2.1.6.3', type: 'OctetString', value: '001b210a0b0c', encoding: 'hex' } as const;
  assert.equal(nameAgain(names, mac).text, '00:1b:21:0a:0b:0c');
  const trap = { oid: '1.3.6.1.6.3.1.1.4.3.0', type: 'ObjectIdentifier', value: '1.3.6.1.6.3.1.1.5.3' };
  assert.equal(nameAgain(names, trap).text, 'IF-MIB::linkDown');
  const unknown = { oid: '2.999.1', name: 'OLD-MIB::gone', type: 'Integer', value: 1, text: 'x(1)' };
  assert.deepEqual(nameAgain(names, unknown), unknown);
});
