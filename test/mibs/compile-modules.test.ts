import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileTexts } from './compile.ts';

const HARBOUR = `
HARBOUR-MIB DEFINITIONS ::= BEGIN
IMPORTS
    MODULE-IDENTITY, OBJECT-TYPE, NOTIFICATION-TYPE, enterprises, Integer32, Unsigned32 FROM SNMPv2-SMI
    TEXTUAL-CONVENTION, DisplayString, MacAddress, TruthValue FROM SNMPv2-TC
    ifIndex, ifEntry FROM IF-MIB;
harbour MODULE-IDENTITY
    LAST-UPDATED "202601010000Z" ORGANIZATION "A harbour" CONTACT-INFO "" DESCRIPTION "Not :: = { a } -- comment"
    ::= { enterprises 64999 }
Depth ::= TEXTUAL-CONVENTION DISPLAY-HINT "d-2" STATUS current DESCRIPTION "" SYNTAX Integer32 (0..99999)
TideDepth ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX Depth
Lamps ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX BITS { red(0), green(1), white(2) }
harbourDepth OBJECT-TYPE SYNTAX TideDepth UNITS "m" MAX-ACCESS read-only STATUS current DESCRIPTION ""
    DEFVAL { 0 } ::= { harbour 1 }
berthTable OBJECT-TYPE SYNTAX SEQUENCE OF BerthEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION ""
    ::= { harbour 2 }
berthEntry OBJECT-TYPE SYNTAX BerthEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION ""
    INDEX { berthPier, IMPLIED berthName } ::= { berthTable 1 }
BerthEntry ::= SEQUENCE { berthPier Unsigned32, berthName DisplayString, berthState INTEGER, berthLamps Lamps }
berthPier OBJECT-TYPE SYNTAX Unsigned32 MAX-ACCESS not-accessible STATUS current DESCRIPTION "" ::= { berthEntry 1 }
berthName OBJECT-TYPE SYNTAX DisplayString (SIZE (1..16)) MAX-ACCESS not-accessible STATUS current DESCRIPTION ""
    ::= { berthEntry 2 }
berthState OBJECT-TYPE SYNTAX INTEGER { free(1), taken(2), closed(-1) } MAX-ACCESS read-only STATUS current
    DESCRIPTION "" ::= { berthEntry 3 }
berthLamps OBJECT-TYPE SYNTAX Lamps MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { berthEntry 4 }
berthMoreTable OBJECT-TYPE SYNTAX SEQUENCE OF BerthMoreEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION ""
    ::= { harbour 3 }
berthMoreEntry OBJECT-TYPE SYNTAX BerthMoreEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION ""
    AUGMENTS { berthEntry } ::= { berthMoreTable 1 }
berthKey OBJECT-TYPE SYNTAX OCTET STRING (SIZE (4 | 16)) MAX-ACCESS read-only STATUS current DESCRIPTION ""
    DEFVAL { '00FF'H } ::= { berthMoreEntry 1 }
harbourNotifications OBJECT IDENTIFIER ::= { harbour 0 }
berthClosed NOTIFICATION-TYPE OBJECTS { berthState, ifIndex } STATUS current DESCRIPTION "" ::= { harbourNotifications 1 }
END
`;

test('a module of SMIv2 becomes OIDs, kinds, syntaxes, indexes and objects of notifications', () => {
  const { node, findings } = compileTexts(HARBOUR);
  assert.deepEqual(findings, []);
  assert.deepEqual(node('harbourDepth'), {
    oid: '1.3.6.1.4.1.64999.1',
    name: 'harbourDepth',
    kind: 'scalar',
    syntax: 'HARBOUR-MIB::TideDepth',
  });
  assert.equal(node('berthTable')?.kind, 'table');
  assert.deepEqual(node('berthEntry')?.index, [
    { object: 'HARBOUR-MIB::berthPier' },
    { object: 'HARBOUR-MIB::berthName', implied: true },
  ]);
  assert.deepEqual(node('berthState'), {
    oid: '1.3.6.1.4.1.64999.2.1.3',
    name: 'berthState',
    kind: 'column',
    syntax: { base: 'integer', labels: { '1': 'free', '2': 'taken', '-1': 'closed' } },
  });
  assert.deepEqual(node('berthClosed'), {
    oid: '1.3.6.1.4.1.64999.0.1',
    name: 'berthClosed',
    kind: 'notification',
    objects: ['HARBOUR-MIB::berthState', 'IF-MIB::ifIndex'],
  });
});

test('an augmenting row has the index of the other, and sizes with gaps are from the least to the most', () => {
  const { node } = compileTexts(HARBOUR);
  assert.deepEqual(node('berthMoreEntry')?.index, node('berthEntry')?.index);
  assert.deepEqual(node('berthKey')?.syntax, { base: 'octets', size: [4, 16] });
});

test('a convention that refines another has its hint', () => {
  const { modules } = compileTexts(HARBOUR);
  assert.deepEqual(modules[0]?.types['TideDepth'], { base: 'integer', convention: 'TideDepth', hint: 'd-2' });
  assert.deepEqual(modules[0]?.types['Lamps'], {
    base: 'bits',
    convention: 'Lamps',
    labels: { '0': 'red', '1': 'green', '2': 'white' },
  });
});

const OLD = `
OLD-MIB DEFINITIONS ::= BEGIN
IMPORTS enterprises, IpAddress, Counter FROM RFC1155-SMI
        OBJECT-TYPE FROM RFC-1212  TRAP-TYPE FROM RFC-1215  DisplayString FROM RFC1213-MIB;
old OBJECT IDENTIFIER ::= { enterprises 64998 }
oldName OBJECT-TYPE SYNTAX DisplayString ACCESS read-only STATUS mandatory DESCRIPTION "" ::= { old 1 }
oldTable OBJECT-TYPE SYNTAX SEQUENCE OF OldEntry ACCESS not-accessible STATUS mandatory ::= { old 2 }
oldEntry OBJECT-TYPE SYNTAX OldEntry ACCESS not-accessible STATUS mandatory INDEX { INTEGER, oldPeer } ::= { oldTable 1 }
oldPeer OBJECT-TYPE SYNTAX IpAddress ACCESS read-only STATUS mandatory ::= { oldEntry 1 }
oldTrap TRAP-TYPE ENTERPRISE old VARIABLES { oldName } DESCRIPTION "" ::= 6
oldColdStart TRAP-TYPE ENTERPRISE snmp ::= 0
END
`;

test('a module of SMIv1 is read as well, its traps at the OIDs of RFC 3584 section 3', () => {
  const { node, findings } = compileTexts(OLD);
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error'),
    [],
  );
  assert.equal(node('oldTrap')?.oid, '1.3.6.1.4.1.64998.0.6');
  assert.equal(node('oldColdStart')?.oid, '1.3.6.1.6.3.1.1.5.1');
  assert.deepEqual(node('oldTrap')?.objects, ['OLD-MIB::oldName']);
  assert.deepEqual(node('oldEntry')?.index, [
    { object: 'INTEGER', syntax: { base: 'integer' } },
    { object: 'OLD-MIB::oldPeer' },
  ]);
});

test('a module may stand behind the one that imports from it, and in another file', () => {
  const { node, findings } = compileTexts(
    'B-MIB DEFINITIONS ::= BEGIN IMPORTS a FROM A-MIB; b OBJECT IDENTIFIER ::= { a 2 3 } END',
    'A-MIB DEFINITIONS ::= BEGIN a OBJECT IDENTIFIER ::= { iso org(3) dod(6) 1 4 1 64997 } END',
  );
  assert.deepEqual(findings, []);
  assert.equal(node('b')?.oid, '1.3.6.1.4.1.64997.2.3');
});

test('what is missing is said with file and line, and costs no more than what depends on it', () => {
  const { said, nodes } = compileTexts(`X-MIB DEFINITIONS ::= BEGIN
IMPORTS foo FROM FOO-MIB;
lost OBJECT IDENTIFIER ::= { foo 1 }
alsoLost OBJECT IDENTIFIER ::= { lost 1 }
kept OBJECT-TYPE SYNTAX Unheard ::= { enterprises 64996 }
END`);
  assert.deepEqual(said, [
    'file-1:2 warning import-missing',
    'file-1:3 error parent-missing',
    'file-1:5 error type-missing',
  ]);
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['kept'],
  );
});

test('a definition that cannot be read is a finding, and the next one is read', () => {
  const { said, nodes } = compileTexts(`X-MIB DEFINITIONS ::= BEGIN
a OBJECT IDENTIFIER ::= { enterprises 64995 }
b OBJECT-TYPE SYNTAX ::= { a 1 }
c OBJECT-TYPE SYNTAX INTEGER { up(1) down(2), } NONSENSE 7 ::= { a 2 }
d OBJECT IDENTIFIER ::= { a 3 }
END`);
  assert.deepEqual(said, ['file-1:3 error syntax', 'file-1:4 error syntax']);
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['a', 'd'],
  );
});

test('OIDs that go in a circle end', () => {
  const { said, nodes } = compileTexts(`X-MIB DEFINITIONS ::= BEGIN
a OBJECT IDENTIFIER ::= { b 1 }
b OBJECT IDENTIFIER ::= { a 1 }
T ::= U
U ::= T
END`);
  assert.equal(nodes.length, 0);
  assert.ok(said.every((each) => each.includes(' error ')) && said.length > 0);
});

test('of two modules of one name the first counts', () => {
  const { said, nodes } = compileTexts(
    'X-MIB DEFINITIONS ::= BEGIN a OBJECT IDENTIFIER ::= { enterprises 1 } END',
    'X-MIB DEFINITIONS ::= BEGIN b OBJECT IDENTIFIER ::= { enterprises 2 } END',
  );
  assert.deepEqual(said, ['file-2:1 warning duplicate-module']);
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['a'],
  );
});

test('a comment reaches to the end of its line, whatever hyphens are in it', () => {
  const { nodes, findings } = compileTexts(`------------------- ----
X-MIB DEFINITIONS ::= BEGIN -- a -- b OBJECT IDENTIFIER ::= { enterprises 3 }
a OBJECT IDENTIFIER ::= { enterprises 64994 }-- no blank before it
END`);
  assert.deepEqual(findings, []);
  assert.equal(nodes.length, 1);
});
