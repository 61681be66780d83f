import type { SecurityLevel } from '../../../collectors/snmp/security.ts';
import type { UsmUserOptions } from '../../../collectors/snmp/usm/users/user-options.ts';
import { UserTable } from '../../../collectors/snmp/usm/users/user-table.ts';
import type { UsmUser } from '../../../collectors/snmp/usm/users/user.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import { SeededRandom } from '../random.ts';
import { CommunityEnvelope } from './envelope/community-envelope.ts';
import { engineIdOf, LearntEngine, SimulatedEngine } from './envelope/engines.ts';
import type { Envelope } from './envelope/envelope.ts';
import { UsmEnvelope } from './envelope/usm-envelope.ts';
import { PreparedTrap, type TrapPdu } from './notification/prepared-trap.ts';
import { TrapDevice } from './notification/trap-device.ts';
import { trapKinds } from './notification/trap-kinds.ts';
import { isOid } from './notification/varbind.ts';

export interface TrapLoadOptions {
  readonly version: 1 | 2 | 3;
  readonly pdu: TrapPdu;
  /** A name of `TRAP_KIND_NAMES`, an OID, or `mix`. Default mix. */
  readonly kind?: string;
  readonly devices: number;
  /** Of v1 and v2c. Default public. */
  readonly community?: string;
  /** Of v3. */
  readonly user?: TrapUser | undefined;
  /** The same seed gives the same notifications. Default 1. */
  readonly seed?: number;
  /** Of the first notification. Default 0. */
  readonly firstSequence?: number;
}

/** The user of SNMPv3 on whose behalf devices speak. */
export interface TrapUser extends UsmUserOptions {
  /** Default: all that there are secrets for. */
  readonly level?: SecurityLevel | undefined;
  /** Engine id of the first device; the others count up from it. */
  readonly firstEngineId?: Buffer | undefined;
  readonly contextName?: string | undefined;
}

/** One notification, about to be sent. */
interface NextTrap {
  /** By number, as `TrapLoad.kinds` lists them. */
  readonly kind: number;
  /** Of the PDU, and of the message of v3. */
  readonly requestId: number;
  /** What the envelope is put around; its memory is used again. */
  readonly prepared: Buffer;
  readonly envelope: Envelope;
}

/** Notifications of simulated devices, numbered through. */
export interface TrapLoad {
  readonly version: 1 | 2 | 3;
  readonly pdu: TrapPdu;
  readonly devices: number;
  readonly kinds: readonly string[];
  readonly firstSequence: number;
  /** What the next notification will carry. */
  readonly nextSequence: number;
  /** Of informs of v3 alone: has to learn the receiver's engine before anything can be sent. */
  readonly discovering: UsmEnvelope | undefined;
  /** Of the first device; of informs that of all. */
  readonly envelope: Envelope;
  /** The next notification of a device. Valid until the next call. */
  next(device: number, nowMs: number): NextTrap;
  /** The same, as the bytes of its message. Its memory may be used again. */
  message(device: number, nowMs: number): Buffer;
}

// Enough distinct notifications for variety, few enough to stay in the processor's cache.
const PREPARED_TRAPS = 1024;
const MIN_PREPARED_PER_DEVICE = 4;
const MAX_REQUEST_ID = 0x7f_ff_ff_ff;

/**
 * Prepares devices and their notifications, so that sending writes numbers and times into place, and of v3 encrypts and signs.
 * @throws DogwatchError `USAGE`, `SNMP_USER_INVALID`
 */
export function createTrapLoad(options: TrapLoadOptions): TrapLoad {
  return new Notifications(options, Date.now());
}

class Notifications implements TrapLoad {
  readonly version: 1 | 2 | 3;
  readonly pdu: TrapPdu;
  readonly kinds: readonly string[];
  readonly firstSequence: number;
  nextSequence: number;
  readonly discovering: UsmEnvelope | undefined;
  readonly #rings: readonly (readonly { kind: number; trap: PreparedTrap }[])[];
  readonly #envelopes: readonly Envelope[];
  readonly #turns: Uint32Array;
  readonly #requestIdBase: number;
  readonly #next: { kind: number; requestId: number; prepared: Buffer; envelope: Envelope };

  constructor(options: TrapLoadOptions, startMs: number) {
    const kinds = trapKinds(options.kind ?? 'mix');
    refuseTheImpossible(options, kinds);
    this.version = options.version;
    this.pdu = options.pdu;
    this.kinds = kinds.map(({ name }) => name);
    this.firstSequence = options.firstSequence ?? 0;
    this.nextSequence = this.firstSequence;
    // Another one in each run: receivers know an inform that comes again by its request-id.
    this.#requestIdBase = startMs % MAX_REQUEST_ID;
    this.#envelopes = envelopesFor(options);
    const [first] = this.#envelopes;
    this.discovering = options.pdu === 'inform' && first instanceof UsmEnvelope ? first : undefined;
    this.#rings = prepare(options, kinds, this.#envelopes, startMs);
    this.#turns = new Uint32Array(options.devices);
    if (first === undefined) throw new Error('a load without devices');
    this.#next = { kind: 0, requestId: 0, prepared: Buffer.alloc(0), envelope: first };
  }

  get envelope(): Envelope {
    return this.#next.envelope;
  }

  get devices(): number {
    return this.#rings.length;
  }

  next(device: number, nowMs: number): NextTrap {
    const ring = this.#rings[device] ?? [];
    const turn = this.#turns[device] ?? 0;
    const chosen = ring[turn];
    const envelope = this.#envelopes[device];
    if (chosen === undefined || envelope === undefined) throw new Error('a device without notifications');
    this.#turns[device] = turn + 1 === ring.length ? 0 : turn + 1;
    const next = this.#next;
    next.kind = chosen.kind;
    next.requestId = (this.#requestIdBase + this.nextSequence) % (MAX_REQUEST_ID + 1);
    next.prepared = chosen.trap.stamp(next.requestId, this.nextSequence, nowMs);
    next.envelope = envelope;
    this.nextSequence += 1;
    return next;
  }

  message(device: number, nowMs: number): Buffer {
    const { prepared, envelope, requestId } = this.next(device, nowMs);
    return envelope.seal(prepared, requestId, nowMs);
  }
}

function prepare(
  { devices, seed = 1, version, pdu }: TrapLoadOptions,
  kinds: ReturnType<typeof trapKinds>,
  envelopes: readonly Envelope[],
  startMs: number,
) {
  const random = new SeededRandom(seed);
  const each = Math.max(MIN_PREPARED_PER_DEVICE, Math.ceil(PREPARED_TRAPS / devices));
  return envelopes.map((envelope, index) => {
    const device = new TrapDevice(index, startMs, random);
    return Array.from({ length: each }, (_, position) => {
      const number = (index + position) % kinds.length;
      const kind = kinds[number]?.kind ?? { oid: '0.0', varbinds: () => [] };
      const trap = new PreparedTrap({ version, pdu, kind, device, wrap: (bytes) => envelope.wrap(bytes) });
      return { kind: number, trap };
    });
  });
}

function envelopesFor(options: TrapLoadOptions): Envelope[] {
  const { version, devices, community = 'public', user: asked } = options;
  if (version !== 3 || asked === undefined) {
    const shared = new CommunityEnvelope(version === 1 ? 1 : 2, community);
    return Array.from({ length: devices }, () => shared);
  }
  const { level, firstEngineId, contextName = '', ...entry } = asked;
  const user = usmUser(entry);
  const chosen = level ?? (entry.privacy ? 'authPriv' : entry.auth ? 'authNoPriv' : 'noAuthNoPriv');
  const common = { user, level: chosen, contextName };
  if (options.pdu === 'inform') {
    // One receiver, one engine, one clock for all devices.
    const contextEngineId = engineIdOf(0, firstEngineId);
    const shared = new UsmEnvelope({ ...common, engine: new LearntEngine(), contextEngineId });
    return Array.from({ length: devices }, () => shared);
  }
  return Array.from({ length: devices }, (_, index) => {
    const id = engineIdOf(index, firstEngineId);
    return new UsmEnvelope({ ...common, engine: new SimulatedEngine(id), contextEngineId: id });
  });
}

function usmUser(options: UsmUserOptions): UsmUser {
  const [user] = new UserTable([options]).all;
  if (user === undefined) throw new Error('a table without its user');
  return user;
}

function refuseTheImpossible(
  { version, pdu, user, kind = 'mix', devices }: TrapLoadOptions,
  kinds: ReturnType<typeof trapKinds>,
): void {
  const refuse = (wrong: boolean, why: string) => {
    if (wrong) throw new DogwatchError('USAGE', why);
  };
  refuse(devices < 1, 'there must be a device');
  refuse(version === 1 && pdu === 'inform', 'SNMPv1 has no informs: use version 2c or 3');
  refuse(version === 3 && user === undefined, 'SNMPv3 needs a user');
  refuse(!kinds.every((each) => isOid(each.kind.oid)), `"${kind}" is neither a trap that is known nor an OID`);
  const level = user?.level ?? 'noAuthNoPriv';
  refuse(level !== 'noAuthNoPriv' && user?.auth === undefined, `${level} needs an authentication protocol`);
  refuse(level === 'authPriv' && user?.privacy === undefined, 'authPriv needs a privacy protocol');
}
