import { DogwatchError } from '../../../src/runtime/errors.ts';
import { MAX_APPLICATION_ID_BYTES } from '../values/application-id.ts';
import type { ElementType } from '../elements/element-type.ts';
import { type ElementRegistry, REVERSE_PEN } from '../elements/registry.ts';
import { type FieldSpecifier, VARIABLE_LENGTH } from './record.ts';

/** The most fields that a template may have; real ones have fewer than 200. */
const MAX_FIELDS = 4096;

/** One field of a template and where its value stands. Fields without a length have none. */
export interface Slot {
  readonly pen: number;
  readonly id: number;
  /** Bytes; 65535 when variable. */
  readonly length: number;
  /**
   * How many fields of variable length stand before it; `offset` counts from the end of the last of those (from the
   * start of the record if there is none).
   */
  readonly base: number;
  readonly offset: number;
  /** Its key in `extra`: the element's name, "name.2" for the second field of that name. */
  readonly key: string;
  readonly type: ElementType | undefined;
}

/** What a field is used for. A pair of address families has a role each. */
export type Role = (typeof CANDIDATES)[number][0];

/** Which fields a record has, and which of them fill columns. What has no role goes into `extra`. */
export interface RecordPlan {
  readonly slots: readonly Slot[];
  /** How many of them are variable. */
  readonly variables: number;
  /** Bytes of the smallest record. */
  readonly recordLength: number;
  readonly roles: ReadonlyMap<Role, Slot>;
  /** The roles of the other direction of a bidirectional record; `bytes` and `packets` say whether there is one. */
  readonly reverse: ReadonlyMap<Role, Slot>;
}

/** Lengths that a role can read. A length beyond is legal, and kept in `extra`. */
type Shape = 'unsigned' | 'two' | 'four' | 'eight' | 'sixteen' | 'application' | 'any';

const SHAPES: Readonly<Record<Shape, (length: number) => boolean>> = {
  unsigned: (length) => length <= 8,
  two: (length) => length === 2,
  four: (length) => length === 4,
  eight: (length) => length === 8,
  sixteen: (length) => length === 16,
  application: (length) => length === VARIABLE_LENGTH || (length >= 2 && length <= MAX_APPLICATION_ID_BYTES),
  any: () => true,
};

/** IANA's elements for each role: the first one that the template has takes it. */
const CANDIDATES = [
  ['bytes', 'unsigned', 1, 85, 231, 23, 352],
  ['packets', 'unsigned', 2, 86, 298, 24],
  ['inIf', 'unsigned', 10, 252],
  ['outIf', 'unsigned', 14, 253],
  ['srcAs', 'unsigned', 16],
  ['dstAs', 'unsigned', 17],
  ['srcPort', 'unsigned', 7, 180, 182],
  ['dstPort', 'unsigned', 11, 181, 183],
  ['tcpSrcPort', 'two', 182],
  ['tcpDstPort', 'two', 183],
  ['protocol', 'unsigned', 4],
  ['tcpFlags', 'unsigned', 6],
  ['tos', 'unsigned', 5],
  ['dscp', 'unsigned', 195],
  ['srcMask4', 'unsigned', 9],
  ['srcMask6', 'unsigned', 29],
  ['dstMask4', 'unsigned', 13],
  ['dstMask6', 'unsigned', 30],
  ['vlan', 'unsigned', 58, 243],
  ['direction', 'unsigned', 61],
  ['src4', 'four', 8, 44],
  ['src6', 'sixteen', 27, 170],
  ['dst4', 'four', 12, 45],
  ['dst6', 'sixteen', 28, 169],
  ['ipVersion', 'unsigned', 60],
  ['nextHop4', 'four', 15],
  ['nextHop6', 'sixteen', 62],
  ['bgpNextHop4', 'four', 18],
  ['bgpNextHop6', 'sixteen', 63],
  ['icmp4', 'unsigned', 32],
  ['icmp6', 'unsigned', 139],
  ['icmpType4', 'unsigned', 176],
  ['icmpCode4', 'unsigned', 177],
  ['icmpType6', 'unsigned', 178],
  ['icmpCode6', 'unsigned', 179],
  ['applicationId', 'application', 95],
  // Absolute times first, the finest of them first; uptime-relative ones need a header that tells the uptime.
  ['startNtp', 'eight', 154, 156],
  ['startMillis', 'unsigned', 152],
  ['startSeconds', 'unsigned', 150],
  ['startDelta', 'unsigned', 158],
  ['startUptime', 'four', 22],
  ['endNtp', 'eight', 155, 157],
  ['endMillis', 'unsigned', 153],
  ['endSeconds', 'unsigned', 151],
  ['endDelta', 'unsigned', 159],
  ['endUptime', 'four', 21],
  ['observedMillis', 'unsigned', 323],
  ['observedNtp', 'eight', 324, 325],
  ['observedSeconds', 'unsigned', 322],
  ['durationMillis', 'unsigned', 161],
  ['durationMicros', 'unsigned', 162],
  ['bootMillis', 'unsigned', 160],
  ['samplingInterval', 'unsigned', 34],
  ['samplerInterval', 'unsigned', 50],
  ['packetInterval', 'unsigned', 305],
  ['packetSpace', 'unsigned', 306],
  ['timeInterval', 'unsigned', 307],
  ['timeSpace', 'unsigned', 308],
  ['samplingSize', 'unsigned', 309],
  ['samplingPopulation', 'unsigned', 310],
  ['selectorId', 'unsigned', 302],
  ['samplerId', 'unsigned', 48],
  ['frameSection', 'any', 315],
  ['ipSection', 'any', 313],
  ['ipTotalLength', 'unsigned', 224],
  ['frameSize', 'unsigned', 312],
] as const satisfies readonly (readonly [string, Shape, ...number[]])[];

/** Roles that a field of RFC 5103 (enterprise number 29305) takes in the row of the other direction. */
const REVERSIBLE: ReadonlySet<Role> = new Set<Role>([
  'bytes',
  'packets',
  'inIf',
  'outIf',
  'tcpFlags',
  'tos',
  'nextHop4',
  'nextHop6',
  'startNtp',
  'startMillis',
  'startSeconds',
  'startDelta',
  'startUptime',
  'endNtp',
  'endMillis',
  'endSeconds',
  'endDelta',
  'endUptime',
]);

/** Carries nothing: padding; how packets were chosen, where only the rate has a column. */
const DROPPED = new Set([35, 49, 210, 304]);

/**
 * Lays out a template.
 * @throws DogwatchError `TOO_MANY_FIELDS`; `BAD_TEMPLATE` where no field has a length or a record exceeds 65,535 bytes
 */
export function planRecord(fields: readonly FieldSpecifier[], registry: ElementRegistry): RecordPlan {
  if (fields.length > MAX_FIELDS) {
    throw new DogwatchError('TOO_MANY_FIELDS', `a template of ${fields.length} fields exceeds ${MAX_FIELDS}`);
  }
  const slots: Slot[] = [];
  const seen = new Map<string, number>();
  let base = 0;
  let offset = 0;
  let recordLength = 0;
  for (const { pen, id, length } of fields) {
    if (length === 0) continue;
    if (pen !== 0 || !DROPPED.has(id)) {
      const name = registry.nameOf(pen, id);
      const count = (seen.get(name) ?? 0) + 1;
      seen.set(name, count);
      const key = count === 1 ? name : `${name}.${count}`;
      slots.push({ pen, id, length, base, offset, key, type: registry.find(pen, id)?.type });
    } else if (length === VARIABLE_LENGTH) {
      slots.push({ pen, id, length, base, offset, key: '', type: undefined });
    }
    if (length === VARIABLE_LENGTH) base += 1;
    offset = length === VARIABLE_LENGTH ? 0 : offset + length;
    recordLength += length === VARIABLE_LENGTH ? 1 : length; // (at least the byte that tells the length)
  }
  if (recordLength === 0) throw new DogwatchError('BAD_TEMPLATE', 'a template whose fields have no length');
  if (recordLength > 65_535) throw new DogwatchError('BAD_TEMPLATE', `a record of ${recordLength} bytes`);
  return { slots, variables: base, recordLength, ...assignRoles(slots) };
}

function assignRoles(slots: readonly Slot[]): Pick<RecordPlan, 'roles' | 'reverse'> {
  const forward = firstOfEach(slots, 0);
  const roles = new Map<Role, Slot>();
  for (const candidates of CANDIDATES) claim(roles, candidates, forward);
  dropInner(roles, slots);
  dropSpares(roles);
  const backward = firstOfEach(slots, REVERSE_PEN);
  const reverse = new Map<Role, Slot>();
  for (const candidates of CANDIDATES) if (REVERSIBLE.has(candidates[0])) claim(reverse, candidates, backward);
  if (!reverse.has('bytes') && !reverse.has('packets')) {
    reverse.clear();
    claimResponder(roles, reverse, forward);
  }
  return { roles, reverse };
}

/**
 * A record of a tunnelled packet has the fields of two headers, the outer one's first (RFC 7011 section 8). Where these
 * are of both families, as with IPv4 in SRv6, the inner addresses would stand beside the outer protocol and ports.
 */
function dropInner(roles: Map<Role, Slot>, slots: readonly Slot[]): void {
  const [ipv4, ipv6] = [roles.get('src4'), roles.get('src6')];
  const tunnelled = slots.some(({ key }) => key === 'protocolIdentifier.2');
  if (!tunnelled || ipv4 === undefined || ipv6 === undefined) return;
  const inner: readonly Role[] =
    slots.indexOf(ipv4) > slots.indexOf(ipv6)
      ? ['src4', 'dst4', 'srcMask4', 'dstMask4']
      : ['src6', 'dst6', 'srcMask6', 'dstMask6'];
  for (const role of inner) roles.delete(role);
}

/** Slots by element id; of repeated elements the first (RFC 7011 section 8: their order matters). */
function firstOfEach(slots: readonly Slot[], pen: number): Map<number, Slot> {
  const first = new Map<number, Slot>();
  for (const slot of slots) if (slot.pen === pen && !first.has(slot.id)) first.set(slot.id, slot);
  return first;
}

function claim(
  roles: Map<Role, Slot>,
  [role, shape, ...ids]: readonly [Role, Shape, ...number[]],
  available: ReadonlyMap<number, Slot>,
): void {
  for (const id of ids) {
    const slot = available.get(id);
    if (slot !== undefined && SHAPES[shape](slot.length)) {
      roles.set(role, slot);
      return;
    }
  }
}

/** Where several roles could fill a column and only one does, the others go to `extra`. */
const EXCLUSIVE: readonly (readonly Role[])[] = [
  ['startNtp', 'startMillis', 'startSeconds', 'startDelta', 'startUptime'],
  ['endNtp', 'endMillis', 'endSeconds', 'endDelta', 'endUptime'],
  ['observedMillis', 'observedNtp', 'observedSeconds'],
  ['durationMillis', 'durationMicros'],
  ['tos', 'dscp'],
  ['samplingInterval', 'samplerInterval', 'packetInterval', 'samplingPopulation', 'timeInterval'],
  ['selectorId', 'samplerId'],
  ['frameSection', 'ipSection'],
  ['icmp4', 'icmpType4'],
  ['icmp6', 'icmpType6'],
];

function dropSpares(roles: Map<Role, Slot>): void {
  for (const group of EXCLUSIVE) {
    let taken = false;
    for (const role of group) {
      if (!roles.has(role)) continue;
      if (taken) roles.delete(role);
      taken = true;
    }
  }
  keepTogether(roles, 'packetInterval', 'packetSpace');
  keepTogether(roles, 'samplingSize', 'samplingPopulation');
  keepTogether(roles, 'timeInterval', 'timeSpace');
  keepTogether(roles, 'icmpType4', 'icmpCode4');
  keepTogether(roles, 'icmpType6', 'icmpCode6');
  if (roles.has('nextHop4') || roles.has('nextHop6')) {
    roles.delete('bgpNextHop4');
    roles.delete('bgpNextHop6');
  }
  dropUnneededTimes(roles);
  dropUnneededPorts(roles, 'srcPort', 'tcpSrcPort', 180);
  dropUnneededPorts(roles, 'dstPort', 'tcpDstPort', 181);
  if (!roles.has('frameSection') && !roles.has('ipSection')) {
    roles.delete('ipTotalLength');
    roles.delete('frameSize');
  } else if (roles.has('bytes')) {
    roles.delete('ipTotalLength');
    roles.delete('frameSize');
  } else if (roles.has('ipTotalLength')) roles.delete('frameSize');
}

/** TCP's own port only counts beside UDP's own. */
function dropUnneededPorts(roles: Map<Role, Slot>, port: Role, tcp: Role, udp: number): void {
  const slot = roles.get(port);
  if (slot?.id !== udp || slot.length !== 2) roles.delete(tcp);
}

/** A duration completes a lone start or end; the observation time stands in where nothing else does. */
function dropUnneededTimes(roles: Map<Role, Slot>): void {
  const start = EXCLUSIVE[0]?.some((role) => roles.has(role)) === true;
  const end = EXCLUSIVE[1]?.some((role) => roles.has(role)) === true;
  const duration = roles.has('durationMillis') || roles.has('durationMicros');
  if (start === end) {
    roles.delete('durationMillis');
    roles.delete('durationMicros');
  }
  if ((start && end) || (duration && start !== end)) {
    roles.delete('observedMillis');
    roles.delete('observedNtp');
    roles.delete('observedSeconds');
  }
  if (!roles.has('startUptime') && !roles.has('endUptime')) roles.delete('bootMillis');
}

function keepTogether(roles: Map<Role, Slot>, one: Role, other: Role): void {
  if (roles.has(one) && roles.has(other)) return;
  roles.delete(one);
  roles.delete(other);
}

/** Firewall events (Cisco NSEL) count both directions in elements of their own, beside the initiator's. */
function claimResponder(
  roles: ReadonlyMap<Role, Slot>,
  reverse: Map<Role, Slot>,
  available: ReadonlyMap<number, Slot>,
): void {
  const bytes = roles.get('bytes');
  const octets = available.get(232);
  if ((bytes === undefined || bytes.id === 231) && octets !== undefined && octets.length <= 8) {
    reverse.set('bytes', octets);
  }
  const packets = roles.get('packets');
  const count = available.get(299);
  if ((packets === undefined || packets.id === 298) && count !== undefined && count.length <= 8) {
    reverse.set('packets', count);
  }
}
