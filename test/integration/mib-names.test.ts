import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileMibs } from '../../src/mibs/compile-mibs.ts';
import { findCommand, skipWithout } from '../support/packages.ts';

// Modules of the IETF and IANA as text, SMIv1 and SMIv2, which that package brings along.
const MIBS = join(import.meta.dirname, '../../node_modules/net-snmp/lib/mibs');

test(
  "every OID that net-snmp's snmptranslate reads from real modules is ours",
  { skip: skipWithout('snmptrap') },
  async () => {
    const snmptranslate = findCommand('snmptranslate') ?? '';
    const printed = execFileSync(snmptranslate, ['-M', MIBS, '-m', 'ALL', '-Tz'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const theirs = [...printed.matchAll(/^"([^"#]+)"\s+"([\d.]+)"/gm)].map(
      ([, name = '', oid = '']) => `${name} ${oid}`,
    );
    const { modules } = await compileMibs([MIBS], []);
    const roots = ['iso 1', 'ccitt 0', 'joint-iso-ccitt 2', 'org 1.3', 'dod 1.3.6', 'internet 1.3.6.1'];
    const ours = new Set([...roots, ...modules.flatMap(({ nodes }) => nodes.map(({ name, oid }) => `${name} ${oid}`))]);
    // Generic traps of SMIv1 are at snmpTraps for us (RFC 3584 section 3), and below `snmp` for net-snmp.
    const isGeneric = (each: string) => each.includes(' 1.3.6.1.2.1.11.0.');
    assert.ok(theirs.length > 200);
    assert.deepEqual(
      theirs.filter((each) => !ours.has(each) && !isGeneric(each)),
      [],
    );
  },
);
