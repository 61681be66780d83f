import type { Cast } from './cast.ts';
import { TIME } from './device-time.ts';
import { type Piece, SEQUENCE, text } from './message-text.ts';

/** IOS with `service sequence-numbers`, `service timestamps log datetime msec` and `logging origin-id hostname`. */
export function ciscoIos(cast: Cast): readonly Piece[] {
  const head = (severity: number) =>
    text`<${184 + severity}>${cast.number(1, 9999)}: ${cast.host('rtr')}: ${cast.number(1, 99_999)}: ${TIME.bsdMillis}: `;
  const port = `GigabitEthernet0/${cast.number(0, 3)}/${cast.number(0, 23)}`;
  return cast.one(
    text`${head(3)}%LINK-3-UPDOWN: Interface ${port}, changed state to ${cast.one('up', 'down')} seq=${SEQUENCE}`,
    text`${head(5)}%LINEPROTO-5-UPDOWN: Line protocol on Interface ${port}, changed state to ${cast.one('up', 'down')} seq=${SEQUENCE}`,
    text`${head(5)}%SYS-5-CONFIG_I: Configured from console by ${cast.user()} on vty0 (${cast.inside()}) seq=${SEQUENCE}`,
    text`${head(6)}%SEC-6-IPACCESSLOGP: list EDGE denied tcp ${cast.outside()}(${cast.port()}) -> ${cast.inside()}(${cast.service()}), 1 packet seq=${SEQUENCE}`,
    text`${head(5)}%BGP-5-ADJCHANGE: neighbor ${cast.outside()} ${cast.one('Up', 'Down')} seq=${SEQUENCE}`,
  );
}

/** ASA with `logging timestamp` and `logging device-id hostname`. */
export function ciscoAsa(cast: Cast): readonly Piece[] {
  const head = (severity: number) => text`<${160 + severity}>${TIME.asa} ${cast.host('asa')} : `;
  const id = cast.number(100_000, 9_999_999);
  const [inside, outside] = [cast.inside(), cast.outside()];
  const [from, to] = [cast.port(), cast.service()];
  return cast.one(
    text`${head(6)}%ASA-6-302013: Built outbound TCP connection ${id} for outside:${outside}/${to} (${outside}/${to}) to inside:${inside}/${from} (${inside}/${from}) seq=${SEQUENCE}`,
    text`${head(6)}%ASA-6-302014: Teardown TCP connection ${id} for outside:${outside}/${to} to inside:${inside}/${from} duration 0:00:${cast.number(10, 59)} bytes ${cast.number(60, 900_000)} TCP FINs seq=${SEQUENCE}`,
    text`${head(4)}%ASA-4-106023: Deny tcp src outside:${outside}/${from} dst inside:${inside}/${to} by access-group "outside_in" [0x0, 0x0] seq=${SEQUENCE}`,
    text`${head(6)}%ASA-6-305011: Built dynamic TCP translation from inside:${inside}/${from} to outside:${outside}/${from} seq=${SEQUENCE}`,
  );
}

/** Junos, plain and with `structured-data`. */
export function juniper(cast: Cast): readonly Piece[] {
  const host = cast.host('mx');
  const [inside, outside] = [cast.inside(), cast.outside()];
  return cast.one(
    text`<28>${TIME.bsd} ${host} rpd[${cast.pid()}]: BGP_PREFIX_THRESH_EXCEEDED: ${outside} (External AS ${cast.autonomousSystem()}): Configured maximum prefix-limit threshold(${cast.number(100, 900)}) exceeded seq=${SEQUENCE}`,
    text`<28>${TIME.bsd} ${host} mib2d[${cast.pid()}]: SNMP_TRAP_LINK_DOWN: ifIndex ${cast.number(500, 599)}, ifAdminStatus up(1), ifOperStatus down(2), ifName ge-0/0/${cast.number(0, 47)} seq=${SEQUENCE}`,
    text`<14>1 ${TIME.rfc3339} ${host} RT_FLOW - RT_FLOW_SESSION_CREATE [junos@2636.1.1.1.2.28 source-address="${inside}" source-port="${cast.port()}" destination-address="${outside}" destination-port="${cast.service()}" protocol-id="6" policy-name="trust-untrust"] session created seq=${SEQUENCE}`,
  );
}

/** EOS. */
export function arista(cast: Cast): readonly Piece[] {
  const port = `Ethernet${cast.number(1, 48)}`;
  return cast.one(
    text`<133>${TIME.bsd} ${cast.host('leaf')} Ebra: %LINEPROTO-5-UPDOWN: Line protocol on Interface ${port}, changed state to ${cast.one('up', 'down')} seq=${SEQUENCE}`,
    text`<133>${TIME.bsd} ${cast.host('leaf')} Bgp: %BGP-5-ADJCHANGE: peer ${cast.outside()} (AS ${cast.autonomousSystem()}) old state OpenConfirm event Established new state Established seq=${SEQUENCE}`,
    text`<134>${TIME.bsd} ${cast.host('leaf')} Aaa: %AAA-6-LOGIN: user ${cast.user()} logged in from: ${cast.inside()} seq=${SEQUENCE}`,
  );
}

/** VRP. */
export function huawei(cast: Cast): readonly Piece[] {
  const head = (severity: number) => text`<${184 + severity}>${TIME.huawei} ${cast.host('ne')} `;
  return cast.one(
    text`${head(5)}%%01IFNET/4/LINK_STATE(l)[${cast.number(1, 9999)}]:The line protocol IP on the interface GigabitEthernet0/0/${cast.number(0, 23)} has entered the ${cast.one('UP', 'DOWN')} state. seq=${SEQUENCE}`,
    text`${head(5)}%%01SHELL/5/CMDRECORD(l)[${cast.number(1, 9999)}]:Recorded command information. (Task=VT0, Ip=${cast.inside()}, User=${cast.user()}) seq=${SEQUENCE}`,
    text`${head(6)}%%01BGP/6/STATE_CHG(l)[${cast.number(1, 9999)}]:The status of the peer ${cast.outside()} changed from OPENCONFIRM to ESTABLISHED. seq=${SEQUENCE}`,
  );
}

/** RouterOS with `bsd-syslog=yes`. */
export function mikrotik(cast: Cast): readonly Piece[] {
  const head = text`<30>${TIME.bsd} ${cast.host('rb')} `;
  return cast.one(
    text`${head}firewall,info forward: in:ether1 out:bridge, src-mac ${cast.mac()}, proto TCP (SYN), ${cast.outside()}:${cast.port()}->${cast.inside()}:${cast.service()}, len 60, seq=${SEQUENCE}`,
    text`${head}dhcp,info lan assigned ${cast.inside()} to ${cast.mac()} seq=${SEQUENCE}`,
    text`${head}system,info,account user ${cast.user()} logged in from ${cast.inside()} via ssh seq=${SEQUENCE}`,
  );
}
