import { EXAMPLE_ENTERPRISE, type TrapDevice } from './trap-device.ts';
import { address, gauge, integer, octets, text, ticks, type Varbind } from './varbind.ts';

/** A notification as its MIB defines it. */
export interface TrapKind {
  readonly oid: string;
  /** Its objects, with values that such a device may have. */
  varbinds(device: TrapDevice): readonly Varbind[];
}

const INTERFACES = 48;
const [UP, DOWN] = [1, 2];

/** IF-MIB (RFC 2863): ifIndex, ifAdminStatus, ifOperStatus; many devices add ifDescr and ifAlias. */
function linkVarbinds({ random }: TrapDevice, operStatus: number): Varbind[] {
  const index = 1 + random.below(INTERFACES);
  const entry = '1.3.6.1.2.1.2.2.1';
  return [
    integer(`${entry}.1.${index}`, index),
    integer(`${entry}.7.${index}`, UP),
    integer(`${entry}.8.${index}`, operStatus),
    text(`${entry}.2.${index}`, `GigabitEthernet1/0/${index}`),
    text(`1.3.6.1.2.1.31.1.1.1.18.${index}`, `to floor ${1 + Math.floor(index / 8)}`),
  ];
}

/** BGP4-MIB (RFC 4273): bgpPeerRemoteAddr, bgpPeerLastError, bgpPeerState; 4.0 is "hold timer expired". */
function bgpVarbinds(device: TrapDevice, state: number): Varbind[] {
  const peer = device.peer();
  const entry = '1.3.6.1.2.1.15.3.1';
  const index = peer.join('.');
  return [
    address(`${entry}.7.${index}`, peer),
    octets(`${entry}.14.${index}`, Buffer.from([4, 0])),
    integer(`${entry}.2.${index}`, state),
  ];
}

/** OSPF-TRAP-MIB (RFC 4750): ospfRouterId, ospfNbrIpAddr, ospfNbrAddressLessIndex, ospfNbrRtrId, ospfNbrState. */
function ospfVarbinds(device: TrapDevice): Varbind[] {
  const neighbour = device.peer();
  const index = `${neighbour.join('.')}.0`;
  const entry = '1.3.6.1.2.1.14.10.1';
  return [
    address('1.3.6.1.2.1.14.1.1.0', device.address),
    address(`${entry}.1.${index}`, neighbour),
    integer(`${entry}.2.${index}`, 0),
    address(`${entry}.3.${index}`, neighbour),
    integer(`${entry}.6.${index}`, 1 + device.random.below(8)),
  ];
}

/** RMON-MIB (RFC 2819): alarmIndex, alarmVariable, alarmSampleType, alarmValue, alarmRisingThreshold. */
function alarmVarbinds({ random }: TrapDevice): Varbind[] {
  const index = 1 + random.below(20);
  const entry = `1.3.6.1.2.1.16.3.1.1`;
  return [
    integer(`${entry}.1.${index}`, index),
    integer(`${entry}.4.${index}`, 2), // deltaValue
    integer(`${entry}.5.${index}`, 80 + random.below(20)),
    integer(`${entry}.7.${index}`, 80),
  ];
}

/** UPS-MIB (RFC 1628): upsEstimatedMinutesRemaining, upsSecondsOnBattery, upsConfigLowBattTime. */
function batteryVarbinds({ random }: TrapDevice): Varbind[] {
  return [
    integer('1.3.6.1.2.1.33.1.2.3.0', 5 + random.below(40)),
    integer('1.3.6.1.2.1.33.1.2.2.0', random.below(600)),
    integer('1.3.6.1.2.1.33.1.9.7.0', 5),
  ];
}

/** CISCO-CONFIG-MAN-MIB: the source of the command, and from where to where the configuration went. */
function configVarbinds({ random }: TrapDevice): Varbind[] {
  const index = 1 + random.below(1000);
  const entry = '1.3.6.1.4.1.9.9.43.1.1.6.1';
  return [
    integer(`${entry}.3.${index}`, 1), // commandLine
    integer(`${entry}.4.${index}`, 3), // running
    integer(`${entry}.5.${index}`, 2), // commandSource
  ];
}

/** An example of an enterprise's own, with values of several types. */
function sensorVarbinds({ random, name }: TrapDevice): Varbind[] {
  return [
    text(`${EXAMPLE_ENTERPRISE}.2.1.0`, `${name} fan tray ${1 + random.below(4)}`),
    gauge(`${EXAMPLE_ENTERPRISE}.2.2.0`, 20 + random.below(60)),
    ticks(`${EXAMPLE_ENTERPRISE}.2.3.0`, random.below(1_000_000)),
  ];
}

const NOTHING = (): readonly Varbind[] => [];

/** The notifications that can be made, by the names of their MIBs. */
const TRAP_KINDS: Readonly<Record<string, TrapKind>> = {
  coldStart: { oid: '1.3.6.1.6.3.1.1.5.1', varbinds: NOTHING },
  warmStart: { oid: '1.3.6.1.6.3.1.1.5.2', varbinds: NOTHING },
  linkDown: { oid: '1.3.6.1.6.3.1.1.5.3', varbinds: (device) => linkVarbinds(device, DOWN) },
  linkUp: { oid: '1.3.6.1.6.3.1.1.5.4', varbinds: (device) => linkVarbinds(device, UP) },
  authenticationFailure: { oid: '1.3.6.1.6.3.1.1.5.5', varbinds: NOTHING },
  bgpEstablished: { oid: '1.3.6.1.2.1.15.7.1', varbinds: (device) => bgpVarbinds(device, 6) },
  bgpBackwardTransition: { oid: '1.3.6.1.2.1.15.7.2', varbinds: (device) => bgpVarbinds(device, 1) },
  ospfNbrStateChange: { oid: '1.3.6.1.2.1.14.16.2.2', varbinds: ospfVarbinds },
  entConfigChange: { oid: '1.3.6.1.2.1.47.2.0.1', varbinds: NOTHING },
  risingAlarm: { oid: '1.3.6.1.2.1.16.0.1', varbinds: alarmVarbinds },
  upsTrapOnBattery: { oid: '1.3.6.1.2.1.33.2.1', varbinds: batteryVarbinds },
  ciscoConfigManEvent: { oid: '1.3.6.1.4.1.9.9.43.2.0.1', varbinds: configVarbinds },
  exampleSensor: { oid: `${EXAMPLE_ENTERPRISE}.0.1`, varbinds: sensorVarbinds },
};

export const TRAP_KIND_NAMES = Object.keys(TRAP_KINDS);

/** The kinds that a word names: one of the list, all of them for `mix`, or any OID, without objects. */
export function trapKinds(word: string): readonly { readonly name: string; readonly kind: TrapKind }[] {
  const all = Object.entries(TRAP_KINDS).map(([name, kind]) => ({ name, kind }));
  if (word === 'mix') return all;
  const named = all.filter(({ name }) => name.toLowerCase() === word.toLowerCase());
  return named.length > 0 ? named : [{ name: word, kind: { oid: word, varbinds: NOTHING } }];
}
