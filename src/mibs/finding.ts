/** Something about a MIB file that somebody should know. */
export interface MibFinding {
  /** `error`: names are lost. `warning`: it was understood all the same. */
  readonly severity: 'error' | 'warning';
  readonly code: MibFindingCode;
  readonly file: string;
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
  /** The module, once it is known. */
  readonly module?: string;
  /** One sentence without a full stop. */
  readonly message: string;
}

type MibFindingCode =
  | 'unreadable'
  | 'too-large'
  | 'not-a-mib'
  | 'syntax'
  | 'duplicate-module'
  | 'duplicate-name'
  | 'import-missing'
  | 'import-elsewhere'
  | 'parent-missing'
  | 'type-missing'
  | 'index-missing'
  | 'object-missing';

/** A text that ends before it is understood, or goes on otherwise; caught where the parser picks up again. */
export class MibSyntaxError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}
