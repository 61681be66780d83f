/**
 * What is left of a MIB module once it is compiled: facts to name and format what traps carry, and nothing else. Plain data,
 * so that it can be JSON or come from another thread. OIDs are dotted numbers without a leading dot.
 */
export interface CompiledModule {
  /** As the module calls itself: `IF-MIB`. */
  readonly module: string;
  /** Textual conventions and type assignments by name, for other modules that import them. */
  readonly types: Readonly<Record<string, CompiledSyntax>>;
  readonly nodes: readonly CompiledNode[];
}

export interface CompiledNode {
  readonly oid: string;
  readonly name: string;
  readonly kind: NodeKind;
  /** Of scalars and columns. A string, `MODULE::Type`, stands for that type as it is. */
  readonly syntax?: CompiledSyntax | string;
  /** Of rows: what the index is made of; of an augmenting row that of the row it augments. */
  readonly index?: readonly CompiledIndex[];
  /** Of notifications: `MODULE::name` of the objects that they carry. Their order is what the source kept of it. */
  readonly objects?: readonly string[];
}

export type NodeKind = 'scalar' | 'table' | 'row' | 'column' | 'notification' | 'identity';

/** One part of an INDEX clause (RFC 2578 section 7.7). */
export interface CompiledIndex {
  /** `MODULE::name` of the column. SMIv1 may say a type instead, which is then in `syntax`. */
  readonly object: string;
  /** The last part of variable length comes without its length. */
  readonly implied?: true;
  readonly syntax?: CompiledSyntax;
}

export interface CompiledSyntax {
  readonly base: BaseSyntax;
  /** The nearest textual convention: `InterfaceIndex`. */
  readonly convention?: string;
  /** DISPLAY-HINT (RFC 2579 section 3.1). */
  readonly hint?: string;
  /** Enumerated numbers, or positions of bits, by number: `{"1": "up"}`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Octets, or arcs of an OID: least and most. */
  readonly size?: readonly [number, number];
}

/** `network` is SMIv1's NetworkAddress, which carries its kind in an index (RFC 1212 section 4.1.6). */
export type BaseSyntax =
  | 'integer'
  | 'unsigned'
  | 'counter'
  | 'timeticks'
  | 'octets'
  | 'bits'
  | 'oid'
  | 'ip'
  | 'network'
  | 'opaque';
