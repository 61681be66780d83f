import type { Cast } from './cast.ts';
import { TIME } from './device-time.ts';
import { type Piece, SEQUENCE, text } from './message-text.ts';

/** FortiOS 6.2 and later. */
export function fortinet(cast: Cast): readonly Piece[] {
  const head = text`<189>date=${TIME.date} time=${TIME.clock} devname="${cast.host('FG')}" devid="FG100E${cast.digits(10)}" eventtime=${TIME.epochNanoseconds} tz="${TIME.zone}" `;
  const session = `srcip=${cast.inside()} srcport=${cast.port()} srcintf="lan" dstip=${cast.outside()} dstport=${cast.service()} dstintf="wan1"`;
  return cast.one(
    text`${head}logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" ${session} sessionid=${cast.number(1, 9_999_999)} proto=6 action="close" policyid=${cast.number(1, 40)} service="HTTPS" sentbyte=${cast.number(60, 90_000)} rcvdbyte=${cast.number(60, 900_000)} seq=${SEQUENCE}`,
    text`${head}logid="0100032001" type="event" subtype="system" level="information" vd="root" logdesc="Admin login successful" user="${cast.user()}" srcip=${cast.inside()} msg="Administrator logged in successfully" seq=${SEQUENCE}`,
    text`${head}logid="0419016384" type="utm" subtype="ips" level="alert" vd="root" ${session} severity="high" attack="Example.Scanner" msg="signature matched" seq=${SEQUENCE}`,
  );
}

/** PAN-OS. The rule, the address in the web or the description carries the sequence number. */
export function paloAlto(cast: Cast): readonly Piece[] {
  const head = (type: string) =>
    text`<14>${TIME.bsd} ${cast.host('pa')} 1,${TIME.slashed},0018${cast.digits(8)},${type},2561,${TIME.slashed},`;
  const [inside, outside, nat] = [cast.inside(), cast.outside(), cast.outside()];
  const session = (rule: readonly Piece[], action: string) =>
    text`${inside},${outside},${nat},${outside},${rule},,,ssl,vsys1,trust,untrust,ethernet1/1,ethernet1/2,forward,,${cast.number(1, 999_999)},1,${cast.port()},443,${cast.port()},443,0x400053,tcp,${action}`;
  const octets = cast.number(100, 90_000);
  return cast.one(
    text`${head('TRAFFIC,end')}${session(text`web seq=${SEQUENCE}`, 'allow')},${2 * octets},${octets},${octets},${cast.number(4, 90)},${TIME.slashed},${cast.number(0, 600)},business,,${cast.number(1, 9_999_999)},0x0,DE,US,,5,4,tcp-fin`,
    text`${head('THREAT,url')}${session(text`web`, 'alert')},"www.example.com/index?seq=${SEQUENCE}",(9999),business,informational,client-to-server,${cast.number(1, 9_999_999)},0x0,DE,US,,text/html`,
    text`${head('SYSTEM,general')}vsys1,auth-success,,0,0,general,informational,"User ${cast.user()} logged in from ${inside}, seq=${SEQUENCE}",${cast.number(1, 9_999_999)},0x0`,
  );
}

/** Common Event Format. */
export function cef(cast: Cast): readonly Piece[] {
  const head = text`<134>${TIME.bsd} ${cast.host('sensor')} CEF:0|Example|Gateway|7.1|`;
  return cast.one(
    text`${head}100|Connection blocked|5|src=${cast.outside()} spt=${cast.port()} dst=${cast.inside()} dpt=${cast.service()} proto=TCP act=blocked seq=${SEQUENCE}`,
    text`${head}210|Login failed|7|suser=${cast.user()} src=${cast.inside()} rt=${TIME.epochMilliseconds} reason=wrong password seq=${SEQUENCE}`,
  );
}

/** IBM's Log Event Extended Format, 1.0 with tabs and 2.0 with a divider of its own. */
export function leef(cast: Cast): readonly Piece[] {
  const head = text`<134>${TIME.bsd} ${cast.host('ips')} `;
  const [inside, outside] = [cast.inside(), cast.outside()];
  return cast.one(
    text`${head}LEEF:1.0|Example|Gateway|7.1|Deny|src=${outside}\tdst=${inside}\tsrcPort=${cast.port()}\tdstPort=${cast.service()}\tproto=TCP\tsev=5\tseq=${SEQUENCE}`,
    text`${head}LEEF:2.0|Example|Gateway|7.1|Login|^|src=${inside}^usrName=${cast.user()}^sev=3^seq=${SEQUENCE}`,
  );
}
