import type { FoundName, NameTable } from '../../../collectors/snmp/names/name-table.ts';
import { syntaxText } from './list-rows.ts';

/** What is known of a name or an OID. */
export interface FoundText {
  readonly name: string;
  readonly oid: string;
  readonly kind: string;
  readonly syntax?: string;
  readonly index?: readonly string[];
  readonly objects?: readonly string[];
}

const OID = /^\.?\d+(\.\d+)*$/;
const MOST = 1000;

/** What `asked` names: an OID, `name`, `MODULE::name`, either with the numbers of an instance behind it, or `beginning*`. */
export function findNames(table: NameTable, asked: string): FoundText[] {
  if (OID.test(asked)) {
    const found = table.find(asked.replace(/^\./, ''));
    return found === undefined ? [] : [describe(table, found)];
  }
  if (asked.endsWith('*')) return findBeginning(table, asked.slice(0, -1));
  const [, name = asked, below = ''] = /^([^.]+)((?:\.\d+)*)$/.exec(asked) ?? [];
  return named(table, name).map((each) => describe(table, { ...each, below: below.slice(1) }));
}

/** Of a name without its module: in every module that has it. */
function named(table: NameTable, name: string): Omit<FoundName, 'below'>[] {
  if (name.includes('::')) {
    const found = table.named(name);
    return found === undefined ? [] : [found];
  }
  return table.modules.flatMap(({ module }) => table.named(`${module}::${name}`) ?? []);
}

function findBeginning(table: NameTable, beginning: string): FoundText[] {
  const text = beginning.toLowerCase();
  const found = table.modules.flatMap(({ module, nodes }) =>
    nodes.filter(({ name }) => name.toLowerCase().startsWith(text)).map((node) => ({ module, node, below: '' })),
  );
  return found.slice(0, MOST).map((each) => describe(table, each));
}

function describe(table: NameTable, found: FoundName): FoundText {
  const { node, below } = found;
  const syntax = syntaxText(table.syntaxOf(node));
  const row = node.kind === 'column' ? table.find(node.oid.slice(0, node.oid.lastIndexOf('.')))?.node : node;
  return {
    name: table.textOf(found),
    oid: below === '' ? node.oid : `${node.oid}.${below}`,
    kind: node.kind,
    ...(syntax !== '' && { syntax }),
    ...(row?.index !== undefined && { index: row.index.map(({ object }) => object) }),
    ...(node.objects !== undefined && { objects: node.objects }),
  };
}

/** Lines for people: name and OID, then what else is known, indented. */
export function foundText({ name, oid, kind, syntax, index, objects }: FoundText): string {
  const lines = [`${name}  ${oid}  ${kind}`];
  if (syntax !== undefined) lines.push(`  syntax   ${syntax}`);
  if (index !== undefined) lines.push(`  index    ${index.join(', ')}`);
  if (objects !== undefined && objects.length > 0) lines.push(`  carries  ${objects.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
