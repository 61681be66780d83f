import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { AUTH_PROTOCOLS, PRIVACY_PROTOCOLS } from '../../collectors/snmp/usm/crypto/protocols.ts';
import { sendTraps } from '../../src/traffic/snmp/send-traps.ts';
import { createTrapLoad, type TrapUser } from '../../src/traffic/snmp/trap-load.ts';
import { skipWithout } from '../support/packages.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { eventually, startTool } from '../support/processes.ts';

const PASSWORD = 'a pass phrase';
const ENGINE = '80007ed90574657374';
const TIMEOUT = 120_000;

/** A user for each pair of algorithms, named after them. */
const USERS: readonly TrapUser[] = [
  userOf('nobody', {}),
  ...AUTH_PROTOCOLS.flatMap((auth) => [
    userOf(`${auth}-none`, { auth: { protocol: auth, password: PASSWORD } }),
    ...PRIVACY_PROTOCOLS.map((privacy) =>
      userOf(`${auth}-${privacy}`, {
        auth: { protocol: auth, password: PASSWORD },
        privacy: { protocol: privacy, password: PASSWORD },
      }),
    ),
  ]),
];

function userOf(name: string, secrets: Omit<TrapUser, 'name'>): TrapUser {
  return { name, firstEngineId: Buffer.from(ENGINE, 'hex'), ...secrets };
}

/** How snmptrapd is told of a user: for the engine that sends traps, and for its own, which informs are for. */
function createUser({ name, auth, privacy }: TrapUser): string[] {
  const secrets = [auth, privacy].flatMap((each) => (each === undefined ? [] : [each.protocol, `"${PASSWORD}"`]));
  return [`createUser -e 0x${ENGINE} ${name} ${secrets.join(' ')}`, `createUser ${name} ${secrets.join(' ')}`];
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

test(
  'snmptrapd understands what we send, in every version, at every level, with every algorithm',
  { skip: skipWithout('snmptrapd'), timeout: TIMEOUT },
  async () => {
    const folder = await temporaryDirectory();
    process.env['SNMP_PERSISTENT_DIR'] = folder;
    process.env['SNMPCONFPATH'] = folder;
    process.env['MIBS'] = '';
    const configuration = [
      'disableAuthorization yes',
      'outputOption nUb',
      String.raw`format2 %v\n`,
      String.raw`format1 %v\n`,
    ];
    await writeFile(join(folder, 'trapd.conf'), [...configuration, ...USERS.flatMap(createUser), ''].join('\n'));
    const log = join(folder, 'trapd.log');
    await appendFile(log, '');
    const port = await freePort();
    const parameters = ['-f', '-C', '-c', join(folder, 'trapd.conf'), '-Lf', log, `udp:127.0.0.1:${port}`];
    const daemon = startTool('snmptrapd', parameters, folder);
    try {
      await eventually('snmptrapd starts', async () => /NET-SNMP version/.test(await readFile(log, 'utf8')));
      const target = { address: '127.0.0.1', port, family: 4 } as const;
      const pace = { target, trapsPerSecond: Infinity, durationMs: 10_000, limit: 1 };
      let sent = 0;
      const send = async (load: Omit<Parameters<typeof createTrapLoad>[0], 'devices' | 'kind' | 'firstSequence'>) => {
        const numbered = { ...load, devices: 1, kind: 'linkDown', firstSequence: sent };
        const report = await sendTraps(createTrapLoad(numbered), pace);
        sent += 1;
        if (load.pdu === 'inform') assert.equal(report.acknowledged, 1, JSON.stringify([load, report]));
      };
      await send({ version: 1, pdu: 'trap' });
      for (const pdu of ['trap', 'inform'] as const) {
        await send({ version: 2, pdu });
        for (const user of USERS) await send({ version: 3, pdu, user });
      }
      const printed = async () =>
        [...(await readFile(log, 'utf8')).matchAll(/32473\.1\.1\.0 = Gauge32: (\d+)/g)].map(([, number]) =>
          Number(number),
        );
      await eventually('snmptrapd has printed everything', async () => (await printed()).length >= sent);
      assert.deepEqual(
        (await printed()).sort((a, b) => a - b),
        Array.from({ length: sent }, (_, number) => number),
      );
    } finally {
      daemon.child.kill();
      await daemon.exited;
    }
  },
);
