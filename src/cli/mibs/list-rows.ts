import type { CompiledNode, CompiledSyntax } from '../../../collectors/snmp/names/compiled-module.ts';
import type { NamedNode, NameTable } from '../../../collectors/snmp/names/name-table.ts';
import type { MibReport } from '../../mibs/compile-mibs.ts';

interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Every module of the table, with where it comes from. */
export function moduleRows(table: NameTable, report: MibReport): Rows {
  const files = new Map(report.files.map(({ module, file }) => [module, file]));
  const rows = table.modules
    .map(({ module, nodes }) => [
      module,
      String(nodes.length),
      String(nodes.filter(({ kind }) => kind === 'notification').length),
      files.get(module) ?? 'bundled',
    ])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return { columns: ['module', 'names', 'notifications', 'from'], rows };
}

/** The nodes of a module, at an OID and below it, or both. */
export function nodesShown(table: NameTable, { module, oid }: { module?: string; oid?: string }): NamedNode[] {
  const isBelow = (node: CompiledNode) => oid === undefined || `${node.oid}.`.startsWith(`${oid}.`);
  return table.modules
    .filter((each) => module === undefined || each.module === module)
    .flatMap((each) => each.nodes.filter(isBelow).map((node) => ({ module: each.module, node })))
    .sort((a, b) => compareOids(a.node.oid, b.node.oid));
}

export function nodeRows(table: NameTable, nodes: readonly NamedNode[]): Rows {
  return {
    columns: ['oid', 'name', 'kind', 'syntax'],
    rows: nodes.map(({ module, node }) => [
      node.oid,
      `${module}::${node.name}`,
      node.kind,
      syntaxText(table.syntaxOf(node)),
    ]),
  };
}

/** `TruthValue: true(1) false(2)`, `integer`. */
export function syntaxText(syntax: CompiledSyntax | undefined): string {
  if (syntax === undefined) return '';
  const labels = Object.entries(syntax.labels ?? {}).map(([number, label]) => `${label}(${number})`);
  return [syntax.convention ?? syntax.base, labels.join(' ')].filter(Boolean).join(': ');
}

function compareOids(a: string, b: string): number {
  const left = a.split('.');
  const right = b.split('.');
  for (const [index, arc] of left.entries()) {
    const difference = Number(arc) - Number(right[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
