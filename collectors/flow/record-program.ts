import type { RowSink } from '../row-sink.ts';
import type { ElementRegistry } from './elements/registry.ts';
import type { FieldSpecifier, RecordContext } from './record.ts';

/** What one `run` did. The program's own object, overwritten by its next run. */
export interface RunResult {
  /** Records read from the wire. */
  records: number;
  /** Rows written: one a record, two for a bidirectional one that saw traffic both ways. */
  rows: number;
  /** Where it stopped. */
  end: number;
  /** A record of variable length ran past the end. */
  truncated: boolean;
}

/** A template, compiled: reads records of one exact layout and writes rows of the table `flows`. */
export interface RecordProgram {
  /** Bytes of a record; the smallest possible one when `variable`. */
  readonly recordLength: number;
  readonly variable: boolean;
  /**
   * Decodes records from `start` until fewer than `recordLength` bytes are left before `end` (padding) or `limit` records
   * were read. Never throws.
   */
  run(source: Buffer, start: number, end: number, limit: number, context: RecordContext, sink: RowSink): RunResult;
}

/**
 * Compiles a template into a program.
 * @throws DogwatchError `BAD_TEMPLATE` (no field with a length, or a record of more than 65,535 bytes), `TOO_MANY_FIELDS`
 */
export function compileProgram(fields: readonly FieldSpecifier[], registry: ElementRegistry): RecordProgram {
  throw new Error(`not yet: ${fields.length} ${typeof registry}`);
}

/** Programs by exact field list, so that equal templates of a thousand exporters share one. Least recently used go first. */
export class ProgramCache {
  readonly #registry: ElementRegistry;
  readonly #capacity: number;
  readonly #programs = new Map<string, RecordProgram>();

  constructor(registry: ElementRegistry, capacity = 4096) {
    this.#registry = registry;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#programs.size;
  }

  /** The program of this field list and whether it had to be compiled now. Throws as `compileProgram` does. */
  get(fields: readonly FieldSpecifier[]): RecordProgram {
    const key = fields.map(({ pen, id, length }) => `${pen}.${id}.${length}`).join();
    const known = this.#programs.get(key);
    if (known !== undefined) {
      this.#programs.delete(key);
      this.#programs.set(key, known);
      return known;
    }
    const program = compileProgram(fields, this.#registry);
    if (this.#programs.size >= this.#capacity) {
      for (const oldest of this.#programs.keys()) {
        this.#programs.delete(oldest);
        break;
      }
    }
    this.#programs.set(key, program);
    return program;
  }

  /** Whether `get` would find it without compiling: for callers that ration compilations. */
  has(fields: readonly FieldSpecifier[]): boolean {
    return this.#programs.has(fields.map(({ pen, id, length }) => `${pen}.${id}.${length}`).join());
  }
}
