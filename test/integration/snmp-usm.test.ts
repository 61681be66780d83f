import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { BerReader } from '../../collectors/snmp/ber/ber-reader.ts';
import { INFORM_REQUEST, OCTET_STRING, RESPONSE, SEQUENCE, TRAP_V2 } from '../../collectors/snmp/ber/tags.ts';
import type { SecurityAccepted } from '../../collectors/snmp/security.ts';
import {
  AUTH_PROTOCOLS,
  type AuthProtocol,
  PRIVACY_PROTOCOLS,
  type PrivacyProtocol,
} from '../../collectors/snmp/usm/crypto/protocols.ts';
import { UsmProcessor } from '../../collectors/snmp/usm/usm-processor.ts';
import type { UsmUserOptions } from '../../collectors/snmp/usm/users/user-options.ts';
import { skipWithout } from '../support/packages.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { runTool } from '../support/processes.ts';
import { StandingEngine, v3MessageOf } from '../support/snmp-v3.ts';

/** Everything that net-snmp can be asked for: a user for each pair of algorithms, named after them. */
interface Combination {
  readonly user: string;
  readonly auth?: AuthProtocol;
  readonly privacy?: PrivacyProtocol;
}

const AUTH_PASSWORD = 'an auth pass phrase';
const PRIVACY_PASSWORD = 'a privacy pass phrase';
/** linkDown, RFC 2863. */
const LINK_DOWN = '1.3.6.1.6.3.1.1.5.3';

const combinations: readonly Combination[] = [
  { user: 'nobody' },
  ...AUTH_PROTOCOLS.flatMap((auth) => [
    { user: auth, auth },
    ...PRIVACY_PROTOCOLS.map((privacy) => ({ user: `${auth} ${privacy}`, auth, privacy })),
  ]),
];

const engine = new StandingEngine();
const processor = new UsmProcessor({ users: combinations.map(userOf) }, engine);
const accepted: SecurityAccepted[] = [];
const troubles: string[] = [];
let folder: string;
let socket: Socket;

before(async () => {
  folder = await temporaryDirectory();
  // The tools count their boots there, and read no configuration of this machine.
  process.env['SNMP_PERSISTENT_DIR'] = folder;
  process.env['SNMPCONFPATH'] = folder;
  socket = createSocket('udp4', receiveSafely);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
});

after(() => socket.close());

for (const auth of [undefined, ...AUTH_PROTOCOLS]) {
  const users = combinations.filter((each) => each.auth === auth);
  const name = auth ?? 'noAuthNoPriv';
  test(`${name}: traps of net-snmp are taken at every level`, { skip: skipWithout('snmptrap') }, async () => {
    for (const each of users) {
      const taken = await send('snmptrap', each);
      assert.equal(pduTagOf(taken.scopedPdu), TRAP_V2);
      assert.match(taken.engineId, /^80001f88/); // net-snmp's own enterprise, 8072
      assert.ok(taken.boots > 0);
    }
  });

  test(
    `${name}: net-snmp takes our answer to its informs at every level`,
    { skip: skipWithout('snmpinform') },
    async () => {
      for (const each of users) {
        const taken = await send('snmpinform', each);
        assert.equal(pduTagOf(taken.scopedPdu), INFORM_REQUEST);
        assert.equal(taken.engineId, engine.engineId.toString('hex'));
      }
    },
  );
}

test(
  'an inform with the wrong pass phrase is answered by a report that net-snmp understands',
  { skip: skipWithout('snmpinform') },
  async () => {
    const before = processor.totals.stats.wrongDigests;
    const { code, output } = await runTool(
      'snmpinform',
      parametersOf({ user: 'MD5', auth: 'MD5' }, 'not the pass phrase'),
      folder,
    );
    assert.notEqual(code, 0);
    assert.match(output, /Authentication failure|incorrect password/);
    assert.equal(processor.totals.stats.wrongDigests, before + 1);
  },
);

test(
  'an inform of a user whom nobody knows is answered by a report that net-snmp understands',
  { skip: skipWithout('snmpinform') },
  async () => {
    const { code, output } = await runTool('snmpinform', parametersOf({ user: 'stranger', auth: 'SHA' }), folder);
    assert.notEqual(code, 0);
    assert.match(output, /Unknown user name/);
  },
);

test(
  'net-snmp learns our boots and time from a report when it has others',
  { skip: skipWithout('snmpinform') },
  async () => {
    const combination = { user: 'SHA-256 AES', auth: 'SHA-256', privacy: 'AES' } as const;
    const before = processor.totals.stats.notInTimeWindows;
    await send('snmpinform', combination, ['-e', engine.engineId.toString('hex'), '-Z', '3,33']);
    assert.equal(processor.totals.stats.notInTimeWindows, before + 1);
  },
);

/** Sends one notification, and gives what came of it. */
async function send(tool: 'snmptrap' | 'snmpinform', combination: Combination, more: readonly string[] = []) {
  accepted.length = 0;
  troubles.length = 0;
  const arrived = tool === 'snmptrap' ? once(socket, 'message') : undefined;
  const { code, output } = await runTool(tool, [...more, ...parametersOf(combination)], folder);
  await arrived;
  assert.equal(code, 0, `${combination.user}: ${output}`);
  const [taken, ...others] = accepted;
  assert.ok(taken, `${combination.user}: ${troubles.join(', ')} ${output}`);
  assert.equal(others.length, 0);
  assert.equal(taken.user, combination.user);
  assert.equal(taken.level, levelOf(combination));
  assert.deepEqual(taken.flags, []);
  return { ...taken, engineId: taken.engineId.toString('hex') };
}

/** What is thrown here belongs to the test that waits for the datagram. */
function receiveSafely(bytes: Buffer, sender: { address: string; port: number }): void {
  try {
    receive(bytes, sender);
  } catch (error) {
    troubles.push(String(error));
  }
}

function receive(bytes: Buffer, sender: { address: string; port: number }): void {
  const message = v3MessageOf(bytes);
  if (message === undefined) {
    troubles.push('not v3');
    return;
  }
  const source = {
    sourceAddress: sender.address,
    sourcePort: sender.port,
    receivedAtMicros: Date.now() * 1000,
  };
  const result = processor.process(message, source);
  if (result.kind === 'report') socket.send(result.reply, sender.port, sender.address);
  if (result.kind !== 'ok') {
    troubles.push(result.kind === 'replay' ? 'replay' : result.reason);
    return;
  }
  accepted.push({ ...result, engineId: Buffer.from(result.engineId), scopedPdu: Buffer.from(result.scopedPdu) });
  if (pduTagOf(result.scopedPdu) !== INFORM_REQUEST) return;
  socket.send(result.respond(withPduTag(result.scopedPdu, RESPONSE)), sender.port, sender.address);
}

function userOf({ user, auth, privacy }: Combination): UsmUserOptions {
  return {
    name: user,
    auth: auth && { protocol: auth, password: AUTH_PASSWORD },
    privacy: privacy && { protocol: privacy, password: PRIVACY_PASSWORD },
  };
}

function parametersOf(combination: Combination, authPassword = AUTH_PASSWORD): string[] {
  const { user, auth, privacy } = combination;
  const address = `127.0.0.1:${socket.address().port}`;
  const security = ['-u', user, '-l', levelOf(combination)];
  if (auth !== undefined) security.push('-a', auth, '-A', authPassword);
  if (privacy !== undefined) security.push('-x', privacy, '-X', PRIVACY_PASSWORD);
  const notification = ['4711', LINK_DOWN, '1.3.6.1.2.1.2.2.1.1.3', 'i', '3'];
  return ['-v', '3', '-r', '0', ...security, address, ...notification];
}

function levelOf({ auth, privacy }: Combination): SecurityAccepted['level'] {
  return privacy === undefined ? (auth === undefined ? 'noAuthNoPriv' : 'authNoPriv') : 'authPriv';
}

function pduStartOf(scopedPdu: Buffer): number {
  const reader = new BerReader();
  reader.open(scopedPdu, 0);
  const end = reader.into(SEQUENCE, scopedPdu.length);
  reader.expect(OCTET_STRING, end);
  reader.expect(OCTET_STRING, end);
  assert.equal(reader.failure, undefined);
  return reader.at;
}

function pduTagOf(scopedPdu: Buffer): number | undefined {
  return scopedPdu[pduStartOf(scopedPdu)];
}

/** A response has the very fields of the request that it answers. */
function withPduTag(scopedPdu: Buffer, tag: number): Buffer {
  const copy = Buffer.from(scopedPdu);
  copy[pduStartOf(copy)] = tag;
  return copy;
}
