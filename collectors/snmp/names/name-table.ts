import type { CompiledModule, CompiledNode, CompiledSyntax } from './compiled-module.ts';
import { type IndexPart, indexText } from './instance-index.ts';
import { type ValueText, valueTextOf } from './value-text.ts';

/** A node of the tree with its module, and what is worked out when somebody asks. */
export interface NamedNode {
  readonly module: string;
  readonly node: CompiledNode;
}

interface Entry extends NamedNode {
  valueText?: ValueText;
  /** Of columns: how the index of their row is read. */
  indexParts?: readonly IndexPart[];
}

/** A node, and what of an OID lies below it. */
export interface FoundName {
  readonly module: string;
  readonly node: CompiledNode;
  /** The arcs behind the node, dotted; empty for the node itself. */
  readonly below: string;
}

const ENTERPRISES = '1.3.6.1.4.1';
/** What stands in the place of a module where a vendor is all that is known. */
const VENDOR_MODULE = 'enterprises';
/** OIDs have 128 arcs at most; more is looked up by its beginning. */
const MOST_ARCS = 128;
/** As text; an index that is longer stays as it is. */
const LONGEST_INDEX = 128 * 11;

/**
 * Names by OID and OIDs by name. Filled module by module, and not changed once it is in use: whoever wants other names makes
 * another table. A name is looked up in the time of a few hash look-ups, whatever the size of the table.
 */
export class NameTable {
  readonly #entries = new Map<string, Entry>();
  readonly #modules = new Map<string, CompiledModule>();
  /** Made for a module when somebody first asks for a name in it. */
  readonly #byName = new Map<string, Map<string, CompiledNode>>();
  #mostArcs = 0;

  /**
   * Adds a module; one of a name that is there already is left out. Where two modules name one OID, the first stays, unless it knows
   * no more than that there is such an OID.
   */
  add(module: CompiledModule): void {
    if (this.#modules.has(module.module)) return;
    this.#modules.set(module.module, module);
    for (const node of module.nodes) this.#enter({ module: module.module, node });
  }

  /** Names for enterprises by number (`{"9": "cisco"}`); modules that name them are better. */
  addVendors(vendors: Readonly<Record<string, string>>): void {
    for (const [number, name] of Object.entries(vendors)) {
      this.#enter({ module: VENDOR_MODULE, node: { oid: `${ENTERPRISES}.${number}`, name, kind: 'identity' } });
    }
  }

  get modules(): readonly CompiledModule[] {
    return [...this.#modules.values()];
  }

  has(module: string): boolean {
    return this.#modules.has(module);
  }

  /** The nearest name at or above `oid`, dotted numbers; undefined when there is none. */
  find(oid: string): FoundName | undefined {
    for (let end = this.#firstEnd(oid); end > 0; end = oid.lastIndexOf('.', end - 1)) {
      const entry = this.#entries.get(oid.slice(0, end));
      // An instance may have a name of its own (sysUpTimeInstance); its object says more.
      if (entry?.node.kind === 'identity' && this.#isInstance(oid, end)) continue;
      if (entry !== undefined) return { module: entry.module, node: entry.node, below: oid.slice(end + 1) };
    }
    return undefined;
  }

  /** The node of `MODULE::name`, or of `name` in whichever module has it first. */
  named(name: string): NamedNode | undefined {
    const [module, own] = name.split('::');
    if (own === undefined) {
      for (const each of this.#modules.keys()) {
        const node = this.#nodesOf(each)?.get(name);
        if (node !== undefined) return { module: each, node };
      }
      return undefined;
    }
    const node = this.#nodesOf(module ?? '')?.get(own);
    return node === undefined ? undefined : { module: module ?? '', node };
  }

  /** `MODULE::name` with the index of an instance: `IF-MIB::ifOperStatus.3`. */
  textOf({ module, node, below }: FoundName): string {
    const name = `${module}::${node.name}`;
    if (below === '') return name;
    return `${name}${node.kind === 'column' ? (this.#indexOf(node, below) ?? `.${below}`) : `.${below}`}`;
  }

  /** How values of a node are written for people. */
  valueText(node: CompiledNode): ValueText {
    const entry = this.#entries.get(node.oid);
    if (entry?.node !== node) return this.#valueTextOf(node);
    entry.valueText ??= this.#valueTextOf(node);
    return entry.valueText;
  }

  /** The syntax of a scalar or column, types that it names looked up. */
  syntaxOf(node: CompiledNode): CompiledSyntax | undefined {
    if (typeof node.syntax !== 'string') return node.syntax;
    const [module = '', type = ''] = node.syntax.split('::');
    const types = this.#modules.get(module)?.types;
    return types !== undefined && Object.hasOwn(types, type) ? types[type] : undefined;
  }

  #enter(entry: Entry): void {
    const { oid, kind } = entry.node;
    const present = this.#entries.get(oid);
    if (present !== undefined && !(present.node.kind === 'identity' && kind !== 'identity')) return;
    this.#entries.set(oid, entry);
    this.#mostArcs = Math.max(this.#mostArcs, Math.min(MOST_ARCS, arcsIn(oid)));
  }

  /** Where the longest beginning of `oid` ends that can have a name: none is longer than the longest here. */
  #firstEnd(oid: string): number {
    let end = -1;
    for (let arcs = 0; arcs < this.#mostArcs; arcs += 1) {
      end = oid.indexOf('.', end + 1);
      if (end < 0) return oid.length;
    }
    return end;
  }

  /** Whether what `oid` names up to `end` lies below a scalar or column. */
  #isInstance(oid: string, end: number): boolean {
    const parent = this.#entries.get(oid.slice(0, oid.lastIndexOf('.', end - 1)));
    return parent?.node.kind === 'scalar' || parent?.node.kind === 'column';
  }

  #nodesOf(module: string): Map<string, CompiledNode> | undefined {
    const known = this.#byName.get(module);
    if (known !== undefined) return known;
    const compiled = this.#modules.get(module);
    if (compiled === undefined) return undefined;
    const nodes = new Map(compiled.nodes.map((node) => [node.name, node]));
    this.#byName.set(module, nodes);
    return nodes;
  }

  #valueTextOf(node: CompiledNode): ValueText {
    const syntax = this.syntaxOf(node);
    return syntax === undefined ? {} : valueTextOf(syntax);
  }

  #indexOf(column: CompiledNode, below: string): string | undefined {
    const entry = this.#entries.get(column.oid);
    const parts = entry?.indexParts ?? this.#indexParts(column);
    if (entry !== undefined) entry.indexParts = parts;
    return parts.length === 0 || below.length > LONGEST_INDEX
      ? undefined
      : indexText(parts, below.split('.').map(Number));
  }

  #indexParts(column: CompiledNode): IndexPart[] {
    const row = this.#entries.get(column.oid.slice(0, column.oid.lastIndexOf('.')))?.node;
    return (row?.index ?? []).map(({ object, syntax, implied }) => {
      const named = syntax === undefined ? this.named(object) : undefined;
      return { syntax: named === undefined ? syntax : this.syntaxOf(named.node), implied: implied === true };
    });
  }
}

function arcsIn(oid: string): number {
  let arcs = 1;
  for (let at = oid.indexOf('.'); at >= 0; at = oid.indexOf('.', at + 1)) arcs += 1;
  return arcs;
}
