import type { CompiledModule, CompiledNode, CompiledSyntax } from '../../collectors/snmp/names/compiled-module.ts';
import type { ModuleText, ObjectText } from './module-text.ts';

/** A module that others may name things of: read just now, or compiled before. */
export type Scope =
  | { readonly text: ModuleText; readonly objects: ReadonlyMap<string, ObjectText> }
  | {
      readonly text?: undefined;
      readonly nodes: ReadonlyMap<string, CompiledNode>;
      readonly types: ReadonlyMap<string, CompiledSyntax>;
    };

/** Where a symbol comes from. */
export interface Origin {
  readonly module: string;
  readonly scope: Scope;
}

/** Every module there is, by name, and who defines a symbol. */
export class ModuleScopes {
  readonly #scopes = new Map<string, Scope>();
  readonly #objectDefiners = new Map<string, string>();
  readonly #typeDefiners = new Map<string, string>();

  /** `texts` take the place of modules of the same name in `known`. Of two texts of one name the first counts. */
  constructor(texts: readonly ModuleText[], known: readonly CompiledModule[]) {
    for (const text of texts) {
      if (this.#scopes.has(text.name)) continue;
      const objects = new Map<string, ObjectText>();
      for (const object of text.objects) if (!objects.has(object.name)) objects.set(object.name, object);
      this.#scopes.set(text.name, { text, objects });
      this.#define(text.name, objects.keys(), text.types.keys());
    }
    for (const { module, nodes, types } of known) {
      if (this.#scopes.has(module)) continue;
      const scope = {
        nodes: new Map(nodes.map((node) => [node.name, node])),
        types: new Map(Object.entries(types)),
      };
      this.#scopes.set(module, scope);
      this.#define(module, scope.nodes.keys(), scope.types.keys());
    }
  }

  has(module: string): boolean {
    return this.#scopes.has(module);
  }

  get(module: string): Scope | undefined {
    return this.#scopes.get(module);
  }

  /** Who defines the object `symbol` as `user` sees it: itself, where it imports from, or whoever has that name. */
  objectOrigin(user: ModuleText, symbol: string): Origin | undefined {
    return this.#originOf(user, symbol, hasObject, this.#objectDefiners);
  }

  /** The same for a type. */
  typeOrigin(user: ModuleText, symbol: string): Origin | undefined {
    return this.#originOf(user, symbol, hasType, this.#typeDefiners);
  }

  /** Whether anybody defines it. */
  definer(symbol: string): string | undefined {
    return this.#objectDefiners.get(symbol) ?? this.#typeDefiners.get(symbol);
  }

  #originOf(
    user: ModuleText,
    symbol: string,
    defines: (scope: Scope, symbol: string) => boolean,
    definers: ReadonlyMap<string, string>,
  ): Origin | undefined {
    const candidates = [user.name, user.imports.get(symbol)?.module, definers.get(symbol)];
    for (const module of candidates) {
      const scope = module === undefined ? undefined : this.#scopes.get(module);
      if (module !== undefined && scope !== undefined && defines(scope, symbol)) return { module, scope };
    }
    return undefined;
  }

  #define(module: string, objects: Iterable<string>, types: Iterable<string>): void {
    for (const name of objects) if (!this.#objectDefiners.has(name)) this.#objectDefiners.set(name, module);
    for (const name of types) if (!this.#typeDefiners.has(name)) this.#typeDefiners.set(name, module);
  }
}

function hasObject(scope: Scope, symbol: string): boolean {
  return scope.text === undefined ? scope.nodes.has(symbol) : scope.objects.has(symbol);
}

function hasType(scope: Scope, symbol: string): boolean {
  return scope.text === undefined ? scope.types.has(symbol) : scope.text.types.has(symbol);
}
