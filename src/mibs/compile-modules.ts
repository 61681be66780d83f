import type {
  CompiledIndex,
  CompiledModule,
  CompiledNode,
  CompiledSyntax,
  NodeKind,
} from '../../collectors/snmp/names/compiled-module.ts';
import { BASE_TYPES, MACROS, ROOTS } from './base-types.ts';
import type { MibFinding } from './finding.ts';
import { ModuleScopes, type Scope } from './module-scopes.ts';
import type { ModuleText, ObjectText } from './module-text.ts';
import { OidResolver } from './resolve-oids.ts';
import { TypeResolver } from './resolve-types.ts';

export interface CompiledText {
  readonly file: string;
  readonly compiled: CompiledModule;
  /** Definitions that got no OID. */
  readonly lost: number;
  readonly findings: readonly MibFinding[];
}

/** Of one module. */
const MOST_FINDINGS = 100;
const MOST_AUGMENTED = 8;

/**
 * Compiles modules, one a step. `known` are modules that are compiled already, such as the bundled ones: a text of the same name
 * takes the place of one. What a module names and nobody defines is a finding, and costs no more than what depends on it.
 */
export function* compileModules(
  texts: readonly ModuleText[],
  known: readonly CompiledModule[],
): Generator<CompiledText> {
  const scopes = new ModuleScopes(texts, known);
  const resolvers = { scopes, oids: new OidResolver(scopes), types: new TypeResolver(scopes) };
  for (const text of texts) yield new ModuleCompiler(text, resolvers).compile();
}

interface Resolvers {
  readonly scopes: ModuleScopes;
  readonly oids: OidResolver;
  readonly types: TypeResolver;
}

class ModuleCompiler {
  readonly #text: ModuleText;
  readonly #resolvers: Resolvers;
  readonly #findings: MibFinding[] = [];
  #lost = 0;

  constructor(text: ModuleText, resolvers: Resolvers) {
    this.#text = text;
    this.#resolvers = resolvers;
  }

  compile(): CompiledText {
    const { name, file, line } = this.#text;
    const own = this.#resolvers.scopes.get(name);
    if (own?.text !== this.#text) {
      const other = own?.text?.file ?? '';
      this.#find('warning', 'duplicate-module', line, `${name} is in ${other} as well, which counts`);
      return { file, compiled: { module: name, types: {}, nodes: [] }, lost: 0, findings: this.#findings };
    }
    this.#checkImports();
    const types = this.#compileTypes();
    const nodes = this.#compileNodes(own.objects);
    return { file, compiled: { module: name, types, nodes }, lost: this.#lost, findings: this.#findings };
  }

  /** One finding for each module that symbols are imported from and that does not have them. */
  #checkImports(): void {
    const { scopes } = this.#resolvers;
    const missing = new Map<string, { line: number; nowhere: string[]; elsewhere: string[] }>();
    for (const [symbol, { module, line }] of this.#text.imports) {
      if (MACROS.has(symbol) || BASE_TYPES.has(symbol) || ROOTS.has(symbol) || scopes.has(module)) continue;
      const group = missing.get(module) ?? { line, nowhere: [], elsewhere: [] };
      missing.set(module, group);
      const definer = scopes.definer(symbol);
      if (definer === undefined) group.nowhere.push(symbol);
      else group.elsewhere.push(`${symbol} (${definer})`);
    }
    for (const [module, { line, nowhere, elsewhere }] of missing) {
      if (nowhere.length > 0) {
        this.#find('warning', 'import-missing', line, `${module} is not there: ${listed(nowhere)}`);
      } else {
        this.#find('warning', 'import-elsewhere', line, `${module} is not there, others define ${listed(elsewhere)}`);
      }
    }
  }

  #compileTypes(): Record<string, CompiledSyntax> {
    const types: [string, CompiledSyntax][] = [];
    for (const [name, syntax] of this.#text.types) {
      if (BASE_TYPES.has(name)) continue;
      const resolved = this.#resolvers.types.resolveNamed(this.#text, name, syntax);
      if (resolved === undefined)
        this.#find('error', 'type-missing', syntax.line, `${name}: type ${syntax.type} is not defined`);
      else types.push([name, resolved]);
    }
    return Object.fromEntries(types);
  }

  #compileNodes(objects: ReadonlyMap<string, ObjectText>): CompiledNode[] {
    const nodes: CompiledNode[] = [];
    for (const object of this.#text.objects) {
      if (objects.get(object.name) !== object) {
        this.#find('warning', 'duplicate-name', object.line, `${object.name} is defined twice; the first counts`);
        continue;
      }
      const resolved = this.#resolvers.oids.resolve(this.#text, object);
      if (resolved.oid !== undefined) nodes.push(this.#compileNode(object, resolved.oid, objects));
      else {
        this.#lost += 1;
        if (resolved.cause)
          this.#find('error', 'parent-missing', object.line, `${object.name} has no place: ${resolved.why}`);
      }
    }
    return nodes;
  }

  #compileNode(object: ObjectText, oid: string, objects: ReadonlyMap<string, ObjectText>): CompiledNode {
    const kind = kindOf(object, objects);
    const { name } = object;
    switch (kind) {
      case 'row': {
        const index = this.#indexOf(this.#text, object, 0);
        return { oid, name, kind, ...(index && { index }) };
      }
      case 'scalar':
      case 'column': {
        const syntax = object.syntax && this.#resolvers.types.ofObject(this.#text, object.syntax);
        if (syntax === undefined && object.syntax !== undefined) {
          this.#find('error', 'type-missing', object.syntax.line, `${name}: type ${object.syntax.type} is not defined`);
        }
        return { oid, name, kind, ...(syntax !== undefined && { syntax }) };
      }
      case 'notification':
        return { oid, name, kind, objects: this.#carried(object) };
      case 'table':
      case 'identity':
      default:
        return { oid, name, kind };
    }
  }

  #carried(object: ObjectText): string[] {
    return (object.objects ?? []).map((symbol) => {
      const origin = this.#resolvers.scopes.objectOrigin(this.#text, symbol);
      if (origin === undefined)
        this.#find('warning', 'object-missing', object.line, `${object.name} carries ${symbol}, which is not defined`);
      return origin === undefined ? symbol : `${origin.module}::${symbol}`;
    });
  }

  /** The INDEX of a row, or of the row that it augments, perhaps in another module. */
  #indexOf(module: ModuleText, row: ObjectText, augmented: number): CompiledIndex[] | undefined {
    if (row.augments === undefined) return row.index && this.#indexParts(module, row, row.index);
    const origin = this.#resolvers.scopes.objectOrigin(module, row.augments);
    if (origin === undefined || augmented > MOST_AUGMENTED) {
      this.#find('error', 'index-missing', row.line, `${row.name} augments ${row.augments}, which is not defined`);
      return undefined;
    }
    return this.#augmentedIndex(origin.scope, row.augments, augmented);
  }

  #augmentedIndex(scope: Scope, row: string, augmented: number): CompiledIndex[] | undefined {
    if (scope.text === undefined) return [...(scope.nodes.get(row)?.index ?? [])];
    const object = scope.objects.get(row);
    return object && this.#indexOf(scope.text, object, augmented + 1);
  }

  #indexParts(module: ModuleText, row: ObjectText, index: NonNullable<ObjectText['index']>): CompiledIndex[] {
    return index.map(({ syntax, implied }) => {
      const flag = implied ? { implied: true as const } : {};
      const origin = this.#resolvers.scopes.objectOrigin(module, syntax.type);
      if (origin !== undefined) return { object: `${origin.module}::${syntax.type}`, ...flag };
      // SMIv1 lets a type stand in the place of an object (RFC 1212 section 4.1.6).
      const type = this.#resolvers.types.resolve(module, syntax);
      if (type === undefined)
        this.#find(
          'warning',
          'index-missing',
          row.line,
          `the index of ${row.name} has ${syntax.type}, which is not defined`,
        );
      return { object: syntax.type, ...flag, ...(type && { syntax: type }) };
    });
  }

  #find(severity: MibFinding['severity'], code: MibFinding['code'], line: number, message: string): void {
    if (this.#findings.length >= MOST_FINDINGS) return;
    this.#findings.push({ severity, code, file: this.#text.file, line, module: this.#text.name, message });
  }
}

function kindOf(object: ObjectText, objects: ReadonlyMap<string, ObjectText>): NodeKind {
  if (object.macro === 'identity') return 'identity';
  if (object.macro !== 'OBJECT-TYPE') return 'notification';
  if (object.syntax?.type === 'SEQUENCE OF') return 'table';
  if (object.index !== undefined || object.augments !== undefined) return 'row';
  const parent = object.oid.parent === undefined ? undefined : objects.get(object.oid.parent);
  if (parent?.macro !== 'OBJECT-TYPE') return 'scalar';
  // A row whose INDEX was forgotten is a row all the same.
  return parent.syntax?.type === 'SEQUENCE OF' ? 'row' : 'column';
}

function listed(symbols: readonly string[]): string {
  const shown = symbols.slice(0, 8).join(', ');
  return symbols.length > 8 ? `${shown} and ${symbols.length - 8} more` : shown;
}
