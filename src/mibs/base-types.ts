import type { BaseSyntax } from '../../collectors/snmp/names/compiled-module.ts';

/** The types that the SMI itself has, of both versions: RFC 2578 section 7.1, RFC 1155 section 3.2.3, RFC 1442. */
export const BASE_TYPES: ReadonlyMap<string, BaseSyntax> = new Map<string, BaseSyntax>([
  ['INTEGER', 'integer'],
  ['Integer32', 'integer'],
  ['OCTET STRING', 'octets'],
  ['OBJECT IDENTIFIER', 'oid'],
  ['BITS', 'bits'],
  ['IpAddress', 'ip'],
  ['NetworkAddress', 'network'],
  ['Counter', 'counter'],
  ['Counter32', 'counter'],
  ['Counter64', 'counter'],
  ['Gauge', 'unsigned'],
  ['Gauge32', 'unsigned'],
  ['Unsigned32', 'unsigned'],
  ['UInteger32', 'unsigned'],
  ['TimeTicks', 'timeticks'],
  ['Opaque', 'opaque'],
  ['ObjectName', 'oid'],
  ['NotificationName', 'oid'],
]);

/** What a module may import without any file for it: macros, and types above. */
export const MACROS: ReadonlySet<string> = new Set([
  'MODULE-IDENTITY',
  'OBJECT-IDENTITY',
  'OBJECT-TYPE',
  'NOTIFICATION-TYPE',
  'TRAP-TYPE',
  'TEXTUAL-CONVENTION',
  'OBJECT-GROUP',
  'NOTIFICATION-GROUP',
  'MODULE-COMPLIANCE',
  'AGENT-CAPABILITIES',
  'ObjectSyntax',
  'SimpleSyntax',
  'ApplicationSyntax',
]);

/** The tree's first names (RFC 2578, RFC 1155): modules use them, and forget to import them. */
export const ROOTS: ReadonlyMap<string, string> = new Map([
  ['ccitt', '0'],
  ['iso', '1'],
  ['joint-iso-ccitt', '2'],
  ['zeroDotZero', '0.0'],
  ['org', '1.3'],
  ['dod', '1.3.6'],
  ['internet', '1.3.6.1'],
  ['directory', '1.3.6.1.1'],
  ['mgmt', '1.3.6.1.2'],
  ['mib-2', '1.3.6.1.2.1'],
  ['mib', '1.3.6.1.2.1'],
  ['transmission', '1.3.6.1.2.1.10'],
  ['experimental', '1.3.6.1.3'],
  ['private', '1.3.6.1.4'],
  ['enterprises', '1.3.6.1.4.1'],
  ['security', '1.3.6.1.5'],
  ['snmpV2', '1.3.6.1.6'],
  ['snmpDomains', '1.3.6.1.6.1'],
  ['snmpProxys', '1.3.6.1.6.2'],
  ['snmpModules', '1.3.6.1.6.3'],
]);

/** Hints of types that had none in SMIv1 (RFC 1213, RFC 1286) and got one in RFC 2579. */
export const HINTS_OF_OLD: ReadonlyMap<string, string> = new Map([
  ['DisplayString', '255a'],
  ['PhysAddress', '1x:'],
  ['MacAddress', '1x:'],
]);
