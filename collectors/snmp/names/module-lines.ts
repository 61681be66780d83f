import type {
  BaseSyntax,
  CompiledIndex,
  CompiledModule,
  CompiledNode,
  CompiledSyntax,
  NodeKind,
} from './compiled-module.ts';

/**
 * Compiled modules as lines of text, as the bundled ones are kept: short, and a change in a module is a change in a line.
 *
 *   type   Name base{labels}[size]=Convention hint     TruthValue integer{1 true,2 false}=TruthValue
 *   node   oid name kind detail                        1.3.6.1.2.1.2.2.1.8 ifOperStatus column integer{1 up,2 down}
 *
 * The detail of a scalar or column is its syntax, or `MODULE::Type`; of a row its index, `*` before an implied part; of a
 * notification its objects.
 */
export interface ModuleLines {
  readonly types: readonly string[];
  readonly nodes: readonly string[];
}

const BASES: readonly BaseSyntax[] = [
  'integer',
  'unsigned',
  'counter',
  'timeticks',
  'octets',
  'bits',
  'oid',
  'ip',
  'network',
  'opaque',
];
const KINDS: readonly NodeKind[] = ['scalar', 'table', 'row', 'column', 'notification', 'identity'];
const SYNTAX = /^([a-z]+)(?:\{([^}]*)\})?(?:\[(\d+)\.\.(\d+)\])?(?:=([\w-]+))?(?: (.*))?$/;

export function linesOf({ types, nodes }: CompiledModule): ModuleLines {
  return {
    types: Object.entries(types).map(([name, syntax]) => `${name} ${syntaxLine(syntax)}`),
    nodes: nodes.map((node) => [node.oid, node.name, node.kind, ...detailsOf(node)].join(' ')),
  };
}

/** @throws Error for a line that `linesOf` does not write: the file was damaged */
export function moduleOf(module: string, lines: ModuleLines): CompiledModule {
  const types = lines.types.map((line): [string, CompiledSyntax] => {
    const [name, rest] = cut(line);
    return [name, syntaxOf(rest)];
  });
  return { module, types: Object.fromEntries(types), nodes: lines.nodes.map(nodeOf) };
}

function detailsOf(node: CompiledNode): string[] {
  if (node.syntax !== undefined) return [typeof node.syntax === 'string' ? node.syntax : syntaxLine(node.syntax)];
  // Types in the place of objects are of SMIv1, and no bundled module has them.
  if (node.index !== undefined)
    return node.index.map(({ object, implied }) => (implied === true ? `*${object}` : object));
  return [...(node.objects ?? [])];
}

function syntaxLine({ base, labels, size, convention, hint }: CompiledSyntax): string {
  const words = Object.entries(labels ?? {}).map(([number, label]) => `${number} ${label}`);
  return [
    base,
    labels === undefined ? '' : `{${words.join(',')}}`,
    size === undefined ? '' : `[${size.join('..')}]`,
    convention === undefined ? '' : `=${convention}`,
    hint === undefined ? '' : ` ${hint}`,
  ].join('');
}

function nodeOf(line: string): CompiledNode {
  const [oid, afterOid] = cut(line);
  const [name, afterName] = cut(afterOid);
  const [word, detail] = cut(afterName);
  const kind = KINDS.find((each) => each === word);
  if (kind === undefined) throw new Error(`no line of a compiled module: ${line}`);
  const node = { oid, name, kind };
  if (kind === 'notification') return { ...node, objects: detail === '' ? [] : detail.split(' ') };
  if (detail === '') return node;
  if (kind === 'row') return { ...node, index: detail.split(' ').map(indexOf) };
  return { ...node, syntax: detail.includes('::') ? detail : syntaxOf(detail) };
}

function indexOf(part: string): CompiledIndex {
  return part.startsWith('*') ? { object: part.slice(1), implied: true } : { object: part };
}

function syntaxOf(line: string): CompiledSyntax {
  const [, word, labels, least, most, convention, hint] = SYNTAX.exec(line) ?? [];
  const base = BASES.find((each) => each === word);
  if (base === undefined) throw new Error(`no syntax of a compiled module: ${line}`);
  return {
    base,
    ...(labels !== undefined && { labels: Object.fromEntries(labels.split(',').map(cut)) }),
    ...(least !== undefined && most !== undefined && { size: [Number(least), Number(most)] as const }),
    ...(convention !== undefined && { convention }),
    ...(hint !== undefined && { hint }),
  };
}

/** What stands before the first blank, and behind it. */
function cut(text: string): [string, string] {
  const blank = text.indexOf(' ');
  return blank < 0 ? [text, ''] : [text.slice(0, blank), text.slice(blank + 1)];
}
