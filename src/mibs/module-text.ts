/** A MIB module as it is written, before anything that it names is looked up. */
export interface ModuleText {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** Symbol → the module that it is imported from, and the line that says so. */
  readonly imports: ReadonlyMap<string, { readonly module: string; readonly line: number }>;
  readonly objects: readonly ObjectText[];
  readonly types: ReadonlyMap<string, SyntaxText>;
}

/** Whatever gets an OID. */
export interface ObjectText {
  readonly name: string;
  readonly line: number;
  readonly macro: 'OBJECT-TYPE' | 'NOTIFICATION-TYPE' | 'TRAP-TYPE' | 'identity';
  readonly oid: OidText;
  readonly syntax?: SyntaxText;
  readonly index?: readonly { readonly syntax: SyntaxText; readonly implied: boolean }[];
  /** The row that this one augments. */
  readonly augments?: string;
  /** OBJECTS, or VARIABLES of a trap. */
  readonly objects?: readonly string[];
}

/** `{ parent 1 2 }`: numbers, behind a name (perhaps `MODULE.name`) or not. */
export interface OidText {
  readonly parent: string | undefined;
  readonly arcs: readonly number[];
}

export interface SyntaxText {
  /** A base type or the name of another: `INTEGER`, `OCTET STRING`, `DisplayString`, `SEQUENCE OF`. */
  readonly type: string;
  readonly line: number;
  readonly hint?: string;
  /** Enumeration or bits. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly size?: readonly [number, number];
  /** Whether it is a TEXTUAL-CONVENTION. */
  readonly convention?: true;
}
