import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { encodeElement, encodeInteger } from '../../collectors/snmp/ber/ber-writer.ts';
import { isSecureEnough } from '../../src/polling/agent-socket.ts';
import type { PollCredential } from '../../src/polling/poll-credential.ts';
import { pollDevice } from '../../src/polling/poll-device.ts';
import { openAgent } from '../../src/polling/snmp-agent.ts';
import { agentWith, response, type Script, startScriptedAgent, text, varbind } from '../support/scripted-agent.ts';

const COLUMN = '1.3.6.1.2.1.2.2.1.2';
const NEVER_MIND = { timeoutMs: 100, retries: 0 };

/** An agent that answers so, and questions to it. */
async function agentThat(context: TestContext, script: Script, version: '1' | '2c' = '2c') {
  const scripted = await startScriptedAgent(script);
  const agent = openAgent('127.0.0.1', { port: scripted.port, version, community: 'harbour' }, NEVER_MIND);
  context.after(() => {
    agent.close();
    scripted.close();
  });
  return { agent, scripted };
}

test('a walk that goes in a circle ends with an error', async (context) => {
  const { agent, scripted } = await agentThat(context, (question) => [
    response(question, [varbind(`${COLUMN}.1`, text('again')), varbind(`${COLUMN}.1`, text('again'))]),
  ]);
  await assert.rejects(agent.column(COLUMN, 20_000), {
    code: 'SNMP_FAILED',
    message: /goes in a circle: 1 comes again/,
  });
  assert.equal(scripted.questions.length, 1);
});

test('a walk without an end stops at the bound, whatever its indexes are', async (context) => {
  let last = 0;
  const endless: Script = (question) => {
    const varbinds = Array.from({ length: 25 }, () => varbind(`${COLUMN}.${(last += 1)}`, text('x')));
    return [response(question, varbinds)];
  };
  const { agent, scripted } = await agentThat(context, endless);
  assert.equal((await agent.column(COLUMN, 1000)).size, 1000);
  assert.equal(scripted.questions.length, 41);
  const odd = await agentThat(context, (question) => [
    response(question, [varbind(`${COLUMN}.1.${(last += 1)}`, text('x'))]),
  ]);
  assert.equal((await odd.agent.column(COLUMN, 50)).size, 0);
  assert.equal(odd.scripted.questions.length, 51);
});

test('a table out of order is read whole', async (context) => {
  const { agent } = await agentThat(context, (question) => [
    response(question, [
      ...[3, 1, 2].map((index) => varbind(`${COLUMN}.${index}`, text(`port ${index}`))),
      varbind('1.3.6.1.2.1.2.2.1.3.1', encodeInteger(0x02, 6)),
    ]),
  ]);
  assert.deepEqual([...(await agent.column(COLUMN, 100)).keys()], [3, 1, 2]);
});

test('v1 is asked one by one, and noSuchName ends a walk', async (context) => {
  const script: Script = (question) => {
    if (question.oids[0] !== COLUMN) {
      const pdu = encodeElement(
        0xa2,
        encodeInteger(0x02, question.requestId),
        encodeInteger(0x02, 2),
        encodeInteger(0x02, 1),
        encodeElement(0x30, varbind(question.oids[0] ?? '', Buffer.from([5, 0]))),
      );
      return [encodeElement(0x30, encodeInteger(0x02, 0), text('harbour'), pdu)];
    }
    return [response(question, [varbind(`${COLUMN}.7`, text('Gi0/7'))])];
  };
  const { agent, scripted } = await agentThat(context, script, '1');
  assert.deepEqual([...(await agent.column(COLUMN, 100))], [[7, Buffer.from('Gi0/7')]]);
  assert.deepEqual(
    scripted.questions.map(({ pdu }) => pdu),
    [0xa1, 0xa1],
  );
});

test('garbage is no answer, and is told of; nothing is thrown, and nothing goes to the console', async (context) => {
  const written: unknown[] = [];
  for (const stream of ['log', 'debug', 'error', 'warn', 'info'] as const)
    context.mock.method(console, stream, (...words: unknown[]) => written.push(words));
  const whole = (question: Parameters<Script>[0]) => response(question, [varbind(COLUMN, text('x'))]);
  const script: Script = (question) => {
    const good = whole(question);
    // Every beginning of an answer, and every answer with one octet turned over.
    const cut = Array.from({ length: good.length }, (_, length) => good.subarray(0, length));
    const turned = Array.from({ length: good.length }, (_, at) => {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0xff;
      return bad;
    });
    return [...cut, Buffer.from('hello'), Buffer.alloc(2000, 0x30), ...turned];
  };
  for (let round = 0; round < 3; round++) {
    const { agent } = await agentThat(context, script);
    await agent
      .get(['1.3.6.1.2.1.1.5.0'])
      .catch((error: unknown) => assert.match(String(error), /SNMP|no answer|answer|it says/));
    await agent
      .column(COLUMN, 100)
      .catch((error: unknown) => assert.match(String(error), /SNMP|no answer|answer|it says/));
  }
  const { agent } = await agentThat(context, () => [Buffer.from('hello')]);
  await assert.rejects(agent.get([COLUMN]), {
    code: 'SNMP_TIMED_OUT',
    message: 'no answer; 1 datagrams came that are no SNMP',
  });
  assert.deepEqual(written, []);
});

test('an answer that the library stumbles over ends the question, and nothing else', async (context) => {
  // SNMPv3 with the number of our question, and a digest, though no user was asked with.
  const { agent } = await agentThat(context, ({ requestId }) => {
    const parameters = encodeElement(
      0x30,
      text('engine'),
      encodeInteger(2, 1),
      encodeInteger(2, 1),
      text('user'),
      text('x'.repeat(12)),
      text(''),
    );
    const header = [encodeInteger(2, requestId), encodeInteger(2, 1500), text('\u0001'), encodeInteger(2, 3)];
    const numbers = [encodeInteger(2, requestId), encodeInteger(2, 0), encodeInteger(2, 0)];
    const scoped = encodeElement(0x30, text('engine'), text(''), encodeElement(0xa2, ...numbers, encodeElement(0x30)));
    return [encodeElement(0x30, encodeInteger(2, 3), encodeElement(0x30, ...header), text(parameters), scoped)];
  });
  await assert.rejects(agent.get([COLUMN]), { code: 'SNMP_FAILED', message: /the answer makes no sense/ });
});

test('another community in the answer is refused, and neither is told', async (context) => {
  const { agent } = await agentThat(context, (question) => [response(question, [varbind(COLUMN, text('x'))], 'other')]);
  await assert.rejects(agent.get([COLUMN]), { message: 'answered with another community' });
});

test('names are text without NULs, UTF-8 or ISO 8859-1, of bounded length; other types are none', async (context) => {
  const facts = async (values: Readonly<Record<string, Buffer>>) => {
    const { agent } = await agentThat(context, agentWith(values));
    return pollDevice(agent);
  };
  const at = (column: string) => `1.3.6.1.2.1.${column}.5`;
  const named = await facts({
    '1.3.6.1.2.1.1.5.0': text('core\0-1\0\0'),
    '1.3.6.1.2.1.1.1.0': text(Buffer.from('Hafenstra\xdfe', 'latin1')),
    '1.3.6.1.2.1.1.2.0': encodeElement(0x06, Buffer.from([0x2b, 6, 1, 4, 1, 9])),
    [at('2.2.1.2')]: text('Hafenstraße'),
    [at('31.1.1.1.18')]: text('x'.repeat(1023) + '⚓️⚓️'),
    [at('31.1.1.1.15')]: encodeElement(0x42, Buffer.from([100])),
  });
  const { interfaces, ...system } = named;
  assert.deepEqual(system, { sysName: 'core-1', sysDescr: 'Hafenstraße', sysObjectId: '1.3.6.1.4.1.9' });
  const { alias, ...first } = interfaces[0] ?? {};
  assert.deepEqual(first, { ifIndex: 5, name: null, description: 'Hafenstraße', speed: 100_000_000 });
  assert.equal(alias?.length, 1024);

  const wrong = await facts({
    '1.3.6.1.2.1.1.5.0': encodeInteger(0x02, 5),
    '1.3.6.1.2.1.1.2.0': text('1.3.6.1'),
    [at('2.2.1.2')]: encodeElement(0x40, Buffer.from([192, 0, 2, 1])),
    [at('31.1.1.1.1')]: encodeInteger(0x02, 7),
    [at('31.1.1.1.15')]: text('100'),
    [at('2.2.1.5')]: encodeInteger(0x02, -5),
  });
  assert.deepEqual([wrong.sysName, wrong.sysObjectId], [null, null]);
  assert.deepEqual(wrong.interfaces, [{ ifIndex: 5, name: null, alias: null, description: null, speed: null }]);
});

test('a question that is given up fails at once, and closing twice is no trouble', async (context) => {
  const { agent } = await agentThat(context, () => []);
  const waiting = agent.get([COLUMN]);
  agent.close();
  agent.close();
  await assert.rejects(waiting, { code: 'SNMP_CLOSED' });
  await assert.rejects(agent.get([COLUMN]), { code: 'SNMP_CLOSED' });
});

test('an answer must be as secure as its question, unless it is a report', () => {
  const credential: PollCredential = {
    port: 161,
    version: '3',
    user: 'reader',
    auth: { protocol: 'SHA', password: 'an auth pass phrase' },
    privacy: { protocol: 'AES', password: 'a privacy pass phrase' },
  };
  const { privacy: _, ...signed } = credential;
  // RFC 3412 section 6: msgVersion, msgGlobalData, msgSecurityParameters, msgData.
  const message = (flags: number, pdu: number, encrypted = false) => {
    const scoped = encodeElement(0x30, text('engine'), text(''), encodeElement(pdu, encodeInteger(0x02, 1)));
    return encodeElement(
      0x30,
      encodeInteger(0x02, 3),
      encodeElement(0x30, encodeInteger(2, 9), encodeInteger(2, 1500), text(Buffer.from([flags])), encodeInteger(2, 3)),
      text('parameters'),
      encrypted ? text('secret') : scoped,
    );
  };
  assert.equal(isSecureEnough(message(3, 0xa2, true), credential), true);
  assert.equal(isSecureEnough(message(1, 0xa2), credential), false);
  assert.equal(isSecureEnough(message(0, 0xa2), credential), false);
  assert.equal(isSecureEnough(message(0, 0xa8), credential), true);
  assert.equal(isSecureEnough(message(1, 0xa2), signed), true);
  assert.equal(isSecureEnough(message(0, 0xa2), signed), false);
  assert.equal(isSecureEnough(Buffer.from('hello'), credential), false);
  assert.equal(isSecureEnough(message(0, 0xa2), { port: 161, version: '3', user: 'reader' }), true);
});
