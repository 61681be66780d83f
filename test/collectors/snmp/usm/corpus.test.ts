import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { V3Message } from '../../../../collectors/snmp/security.ts';
import { keyOfPassword, localiseKey, privacyKey } from '../../../../collectors/snmp/usm/crypto/keys.ts';
import {
  AUTH_ALGORITHMS,
  type AuthProtocol,
  PRIVACY_ALGORITHMS,
  type PrivacyProtocol,
} from '../../../../collectors/snmp/usm/crypto/protocols.ts';
import { outlineOf } from '../../../../collectors/snmp/usm/message/security-parameters.ts';
import { UsmProcessor } from '../../../../collectors/snmp/usm/usm-processor.ts';
import type { UsmUserOptions } from '../../../../collectors/snmp/usm/users/user-options.ts';
import { sourceAt, StandingEngine, v3MessageOf } from '../../../support/snmp-v3.ts';

/** Messages of real agents, collected from the test suites of other projects; not part of this repository. */
const CORPUS = new URL('../../../../../shared/corpus/snmp/', import.meta.url);

interface Case {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly raw_base64: string | null;
  readonly params: Readonly<Record<string, string>> & { readonly user?: CorpusUser };
  readonly expected: Readonly<Record<string, unknown>>;
  readonly derived?: Readonly<Record<string, unknown>>;
}

interface CorpusUser {
  readonly name: string;
  readonly auth?: string;
  readonly authKey?: string;
  readonly priv?: string;
  readonly privKey?: string;
}

/** Tags of PDUs by the corpus' names. */
const PDU_TAGS: Readonly<Record<string, number>> = {
  get: 0xa0,
  getNext: 0xa1,
  response: 0xa2,
  inform: 0xa6,
  'snmpV2-trap': 0xa7,
  report: 0xa8,
};

const cases = existsSync(CORPUS) ? readdirSync(CORPUS).flatMap(casesOf) : [];
for (const each of cases) {
  if (each.kind === 'usm-key') test(`${each.id}: ${each.name}`, () => checkKeys(each));
  else if (each.params.user !== undefined) test(`${each.id}: ${each.name}`, () => checkMessage(each, each.params.user));
}
if (!existsSync(CORPUS)) test('messages of real agents', { skip: 'the corpus is not here' }, () => {});

function casesOf(source: string): Case[] {
  const text = readFileSync(new URL(`${source}/cases.jsonl`, CORPUS), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line): Case => JSON.parse(line));
}

function checkKeys({ params, expected }: Case): void {
  const auth = AUTH_ALGORITHMS[authProtocol(params['auth'])];
  const engineId = Buffer.from(params['engine_id'] ?? '', 'hex');
  const ku = keyOfPassword(auth, Buffer.from(params['password'] ?? ''));
  const kul = localiseKey(auth, ku, engineId);
  const made: Record<string, string> = { ku: ku.toString('hex'), kul: kul.toString('hex') };
  if (params['priv'] !== undefined) {
    const privacy = PRIVACY_ALGORITHMS[privacyProtocol(params['priv'])];
    made['priv_key'] = privacyKey(auth, privacy, kul, engineId).toString('hex');
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(made[name], value, name);
}

function checkMessage({ raw_base64, expected, derived }: Case, user: CorpusUser | undefined): void {
  assert.ok(user);
  const message = v3MessageOf(Buffer.from(raw_base64 ?? '', 'base64'));
  assert.ok(message);
  const processor = new UsmProcessor({ users: [optionsOf(user)] }, engineFor(message, derived));
  const result = processor.process(message, sourceAt());
  if (expected['auth_ok'] === false) {
    assert.ok(result.kind === 'refused' || result.kind === 'report', result.kind);
    assert.equal(result.reason, 'wrong-digest');
    return;
  }
  assert.equal(result.kind, 'ok', JSON.stringify(result));
  assert.equal(result.user, user.name);
  const known = { ...derived, ...expected };
  if (typeof known['engine_id'] === 'string') assert.equal(result.engineId.toString('hex'), known['engine_id']);
  if (known['engine_boots'] !== undefined) assert.equal(result.boots, known['engine_boots']);
  if (known['engine_time'] !== undefined) assert.equal(result.time, known['engine_time']);
  const outline = outlineOf(result.scopedPdu);
  if (typeof known['pdu_type'] === 'string') assert.equal(outline?.tag, PDU_TAGS[known['pdu_type']]);
  if (known['request_id'] !== undefined) assert.equal(outline?.requestId, known['request_id']);
  assert.equal(outline?.length, result.scopedPdu.length);
}

/** Requests are taken by the engine that they are for. */
function engineFor(message: V3Message, derived: Case['derived'] = {}): StandingEngine {
  const engine = new StandingEngine();
  if ((message.flags & 4) === 0) return engine;
  engine.engineId = Buffer.from(String(derived['engine_id']), 'hex');
  engine.boots = Number(derived['engine_boots']);
  engine.seconds = Number(derived['engine_time']);
  return engine;
}

function optionsOf({ name, auth, authKey = '', priv, privKey = '' }: CorpusUser): UsmUserOptions {
  return {
    name,
    auth: auth === undefined ? undefined : { protocol: authProtocol(auth), password: authKey },
    privacy: priv === undefined ? undefined : { protocol: privacyProtocol(priv), password: privKey },
    minimumLevel: 'noAuthNoPriv',
  };
}

/** SHA256 is SHA-256 there. */
function authProtocol(name = ''): AuthProtocol {
  const [found] = Object.keys(AUTH_ALGORITHMS).filter((each) => each.replace('-', '') === name.replace('-', ''));
  assert.ok(isIn(AUTH_ALGORITHMS, found), name);
  return found;
}

/** AES192C is AES-192-C there. */
function privacyProtocol(name: string): PrivacyProtocol {
  const [found] = Object.keys(PRIVACY_ALGORITHMS).filter((each) => each.replaceAll('-', '') === name);
  assert.ok(isIn(PRIVACY_ALGORITHMS, found), name);
  return found;
}

function isIn<T extends object>(table: T, name: string | undefined): name is Extract<keyof T, string> {
  return name !== undefined && Object.hasOwn(table, name);
}
