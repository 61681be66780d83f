import type { CompiledSyntax } from '../../collectors/snmp/names/compiled-module.ts';
import { BASE_TYPES, HINTS_OF_OLD } from './base-types.ts';
import type { ModuleText, SyntaxText } from './module-text.ts';
import type { ModuleScopes } from './module-scopes.ts';

/** A type may refine another; real ones do so two or three times. */
const DEEPEST = 16;

/** Follows types to the base type, and gathers hints, labels and sizes on the way: the nearest counts. */
export class TypeResolver {
  readonly #scopes: ModuleScopes;

  constructor(scopes: ModuleScopes) {
    this.#scopes = scopes;
  }

  /** undefined when the type, or one that it refines, is defined nowhere. */
  resolve(module: ModuleText, syntax: SyntaxText, depth = 0): CompiledSyntax | undefined {
    const parent = this.#parent(module, syntax.type, depth);
    if (parent === undefined) return undefined;
    const hint = syntax.hint ?? parent.hint;
    const labels = syntax.labels ?? parent.labels;
    const size = syntax.size ?? parent.size;
    return {
      base: parent.base,
      ...(parent.convention !== undefined && { convention: parent.convention }),
      ...(hint !== undefined && { hint }),
      ...(labels !== undefined && { labels }),
      ...(size !== undefined && { size }),
    };
  }

  /** A type under its own name, as others import it. */
  resolveNamed(module: ModuleText, name: string, syntax: SyntaxText, depth = 0): CompiledSyntax | undefined {
    const resolved = this.resolve(module, syntax, depth);
    if (resolved === undefined) return undefined;
    const hint = resolved.hint ?? HINTS_OF_OLD.get(name);
    return { ...resolved, convention: name, ...(hint !== undefined && { hint }) };
  }

  /**
   * The syntax as an object has it. A type that is used as it is comes as `MODULE::Type`, so that a long enumeration is not
   * repeated by each object.
   */
  ofObject(module: ModuleText, syntax: SyntaxText): CompiledSyntax | string | undefined {
    const resolved = this.resolve(module, syntax);
    const plain = resolved !== undefined && syntax.labels === undefined && syntax.size === undefined;
    if (!plain || BASE_TYPES.has(syntax.type)) return resolved;
    const origin = this.#scopes.typeOrigin(module, syntax.type);
    return origin === undefined ? resolved : `${origin.module}::${syntax.type}`;
  }

  #parent(module: ModuleText, type: string, depth: number): CompiledSyntax | undefined {
    const base = BASE_TYPES.get(type);
    if (base !== undefined) return { base };
    if (depth > DEEPEST) return undefined;
    const origin = this.#scopes.typeOrigin(module, type);
    if (origin === undefined) return undefined;
    if (origin.scope.text === undefined) return origin.scope.types.get(type);
    const defined = origin.scope.text.types.get(type);
    return defined && this.resolveNamed(origin.scope.text, type, defined, depth + 1);
  }
}
