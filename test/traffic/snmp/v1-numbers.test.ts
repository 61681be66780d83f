import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { v1NumbersOf } from '../../../src/traffic/snmp/notification/v1-numbers.ts';

const CORPUS = fileURLToPath(new URL('../../../../shared/corpus/snmp', import.meta.url));
const skip = existsSync(CORPUS) ? false : 'needs the corpus of real datagrams beside the repository';

interface Case {
  readonly kind: string;
  readonly name: string;
  readonly params: { readonly trapOid: string };
  readonly expected: Readonly<Record<string, unknown>>;
}

test('generic traps have the number of RFC 1157, and the enterprise that the notification names', () => {
  const generic = { generic: 2, specific: 0 };
  assert.deepEqual(v1NumbersOf('1.3.6.1.6.3.1.1.5.3'), { enterprise: '1.3.6.1.6.3.1.1.5', ...generic });
  assert.deepEqual(v1NumbersOf('1.3.6.1.6.3.1.1.5.3', '1.3.6.1.4.1.9'), { enterprise: '1.3.6.1.4.1.9', ...generic });
});

test('others lose their last number, and the zero before it', () => {
  const specific = { enterprise: '1.3.6.1.4.1.9.9.41.2', generic: 6, specific: 1 };
  assert.deepEqual(v1NumbersOf('1.3.6.1.4.1.9.9.41.2.0.1'), specific);
  assert.deepEqual(v1NumbersOf('1.3.6.1.4.1.9.9.41.2.1'), specific);
});

test('the rows of the corpus from v2 to v1 come out as their source has them', { skip }, () => {
  const lines = globSync(join(CORPUS, '*/cases.jsonl')).flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the corpus is what its page says
  const cases = lines.filter(Boolean).map((line) => JSON.parse(line) as Case);
  const rows = cases.filter(({ kind }) => kind === 'rfc3584-v2-to-v1');
  assert.ok(rows.length > 0);
  for (const { name, params, expected } of rows) {
    // The value of snmpTrapEnterprise.0 is written into the name.
    const enterprise = /snmpTrapEnterprise\.0=([\d.]+)/.exec(name)?.[1];
    const { uptime: _uptime, ...numbers } = expected;
    const found = v1NumbersOf(params.trapOid, enterprise);
    assert.deepEqual({ ...found, ...numbers }, found, name);
  }
});
