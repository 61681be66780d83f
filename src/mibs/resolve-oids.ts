import { ROOTS } from './base-types.ts';
import type { ModuleText, ObjectText } from './module-text.ts';
import type { ModuleScopes } from './module-scopes.ts';

/** An OID has 128 arcs at most (RFC 2578 section 3.5), so no parent is further away. */
const MOST_ARCS = 128;
/** `snmp` of RFC 1213: traps of this enterprise are the generic ones. */
const SNMP_GROUP = '1.3.6.1.2.1.11';
const SNMP_TRAPS = '1.3.6.1.6.3.1.1.5';

/** An OID, or why there is none. `cause` is false where only a parent of the parent is missing. */
export type ResolvedOid =
  | { readonly oid: string }
  | { readonly oid?: undefined; readonly why: string; readonly cause: boolean };

/** Puts numbers in the place of names in OIDs, over all modules. Each is worked out once. */
export class OidResolver {
  readonly #scopes: ModuleScopes;
  readonly #resolved = new Map<ObjectText, ResolvedOid>();

  constructor(scopes: ModuleScopes) {
    this.#scopes = scopes;
  }

  resolve(module: ModuleText, object: ObjectText, depth = 0): ResolvedOid {
    const known = this.#resolved.get(object);
    if (known !== undefined) return known;
    // Whoever comes back here while this is worked out has gone in a circle.
    this.#resolved.set(object, { why: `${object.name} stands below itself`, cause: true });
    const resolved = this.#work(module, object, depth);
    this.#resolved.set(object, resolved);
    return resolved;
  }

  #work(module: ModuleText, object: ObjectText, depth: number): ResolvedOid {
    if (depth > MOST_ARCS) return { why: `more than ${MOST_ARCS} arcs`, cause: true };
    const { parent, arcs } = object.oid;
    const base = parent === undefined ? { oid: '' } : this.#parentOid(module, object, parent, depth);
    if (base.oid === undefined) return base;
    const oid = joined(object.macro === 'TRAP-TYPE' ? trapParent(base.oid, arcs) : [base.oid, ...arcs]);
    if (oid.split('.').length > MOST_ARCS) return { why: `more than ${MOST_ARCS} arcs`, cause: true };
    return { oid };
  }

  #parentOid(module: ModuleText, object: ObjectText, parent: string, depth: number): ResolvedOid {
    // A module may define a root itself, under the same name.
    const root = ROOTS.get(parent);
    if (root !== undefined && object.name === parent) return { oid: root };
    const origin = this.#scopes.objectOrigin(module, parent);
    if (origin === undefined) {
      return root === undefined ? { why: missing(module, parent), cause: true } : { oid: root };
    }
    if (origin.scope.text === undefined) return { oid: origin.scope.nodes.get(parent)?.oid ?? '' };
    const defined = origin.scope.objects.get(parent);
    if (defined === undefined) return { why: missing(module, parent), cause: true };
    const above = this.resolve(origin.scope.text, defined, depth + 1);
    return above.oid === undefined ? { ...above, cause: above.why.endsWith('below itself') && depth === 0 } : above;
  }
}

/** RFC 3584 section 3: generic trap n is snmpTraps.(n + 1), of any other enterprise it is enterprise.0.n. */
function trapParent(enterprise: string, arcs: readonly number[]): (string | number)[] {
  const number = arcs[0] ?? 0;
  return enterprise === SNMP_GROUP ? [SNMP_TRAPS, number + 1] : [enterprise, 0, number];
}

function joined(parts: readonly (string | number)[]): string {
  return parts.filter((part) => part !== '').join('.');
}

function missing(module: ModuleText, symbol: string): string {
  const from = module.imports.get(symbol)?.module;
  return from === undefined ? `${symbol} is not defined` : `${symbol} of ${from} is not there`;
}
