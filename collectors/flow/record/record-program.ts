import { DogwatchError } from '../../../src/runtime/errors.ts';
import { MAX_RESERVE_BYTES, type RowSink } from '../../row-sink.ts';
import { maxApplicationIdText } from '../values/application-id.ts';
import type { ElementRegistry } from '../elements/registry.ts';
import { KEY_OVERSHOOT, keyBytes } from './extra-code.ts';
import { LIST_EXPANSION, maxExtraBytes, programRuntime } from './program-runtime.ts';
import { type RecordCode, generateRecordCode } from './record-code.ts';
import { type RecordPlan, planRecord } from './record-plan.ts';
import { type FieldSpecifier, type RecordContext, VARIABLE_LENGTH } from './record.ts';
import { MAX_SECTION_EXTRA_BYTES } from './section-extra.ts';

/** What one `run` did. The program's own object, overwritten by its next run. */
interface RunResult {
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

/** The most bytes of a row without `extra`: the field count and 27 fields, `application_id` without its text. */
const MAX_ROW_BYTES = 2 + 3 * 12 + 7 * 12 + 3 * 8 + 7 * 6 + 5 + 4 * 24 + 4 + 6 + 1;

/**
 * Compiles a template into a program: JavaScript made of constants (offsets, lengths, column widths; all of them integers
 * that the plan checked) that runs over the bytes of a record once. No text of an exporter enters the code: names are
 * passed as bytes.
 * @throws DogwatchError `BAD_TEMPLATE` (no field with a length, a record of more than 65,535 bytes, or one that no row
 * could hold), `TOO_MANY_FIELDS`
 */
export function compileProgram(fields: readonly FieldSpecifier[], registry: ElementRegistry): RecordProgram {
  const plan = planRecord(fields, registry);
  const code = generateRecordCode(plan);
  const keys = code.extras.map(({ key }) => keyBytes(key));
  const room = fixedRoom(plan, code, keys);
  const worst = room + (plan.variables > 0 ? LIST_EXPANSION * 65_535 : 0);
  if (worst > MAX_RESERVE_BYTES)
    throw new DogwatchError('BAD_TEMPLATE', `a record that may need ${worst} bytes in a row`);
  const runtime = programRuntime(registry);
  const body = plan.variables > 0 ? variableLoop(plan, code, room) : fixedLoop(plan, code, room);
  const names = Object.keys(runtime);
  const constants = code.extras.map((_, i) => `const k${i}=K[${i}],t${i}=T[${i}];`).join('');
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion -- the point of this file
  const build = new Function('K', 'T', 'R', ...names, `"use strict";${constants}\n${body}`) as (
    ...values: unknown[]
  ) => RecordProgram['run'];
  const types = code.extras.map(({ slot }) => slot.type);
  const result: RunResult = { records: 0, rows: 0, end: 0, truncated: false };
  const run = build(keys, types, result, ...Object.values(runtime));
  return { recordLength: plan.recordLength, variable: plan.variables > 0, run };
}

/** The most bytes that the rows of a record need, the values of fields of variable length apart. */
function fixedRoom(plan: RecordPlan, code: RecordCode, keys: readonly Buffer[]): number {
  const applicationId = plan.roles.get('applicationId');
  const perRow = MAX_ROW_BYTES + (applicationId === undefined ? 0 : maxApplicationIdText(applicationId.length));
  const section = plan.roles.has('frameSection') || plan.roles.has('ipSection') ? MAX_SECTION_EXTRA_BYTES : 0;
  let room = perRow * 2 + section + 64 + KEY_OVERSHOOT;
  for (const [i, { slot }] of code.extras.entries()) {
    room += (keys[i]?.length ?? 0) + maxExtraBytes(slot.type, slot.length === VARIABLE_LENGTH ? 0 : slot.length);
  }
  return room;
}

/** What all records of a run share, read once. */
const PRELUDE = `
if(end>b.length)end=b.length;
const s=W(b);
const since=c.receivedAtMicros-946684800000000,nowLow=since>>>0,nowHigh=(since-nowLow)*${2 ** -32};
const from=c.exporterField,fromBytes=from.length,from0=from.readInt32BE(0),from1=from.readInt32BE(4),from2=from.readInt32BE(8);
let from3=0,from4=0,from5=0;
if(fromBytes===24){from3=from.readInt32BE(12);from4=from.readInt32BE(16);from5=from.readInt32BE(20);}
const domain=c.observationDomain;
let upBase0=NaN,upRef0=0;
if(c.uptimeMs>=0){upBase0=c.exportedAtMicros;upRef0=c.uptimeMs|0;}
else{const ms=Math.floor((c.exportedAtMicros-c.bootedAtMicros)/1e3);upBase0=c.bootedAtMicros+ms*1e3;upRef0=ms|0;}
const told=c.sampling.override>=1,rate0=Q(told?c.sampling.override:c.sampling.fallback);
const rateFrom0=told?99:c.sampling.fallbackSource;
let rateAt=-1,rateThere=0,p=start,n=0,rows=0,cut=false;`;

const CONCLUSION = 'R.records=n;R.rows=rows;R.end=p;R.truncated=cut;return R;';

function fixedLoop(plan: RecordPlan, code: RecordCode, room: number): string {
  const size = plan.recordLength;
  const chunk = Math.max(1, Math.floor(MAX_RESERVE_BYTES / room));
  return `return function(b,start,end,limit,c,sink){${PRELUDE}
while(n<limit&&end-p>=${size}){
let count=Math.floor((end-p)/${size});
if(count>limit-n)count=limit-n;
if(count>${chunk})count=${chunk};
sink.reserve(count*${room});
const o=sink.bytes,v=V(o);
let q=sink.position,r=0;
for(let i=0;i<count;i++,p+=${size}){
${code.rows}
}
sink.commit(q,r);
n+=count;rows+=r;
}
${CONCLUSION}}`;
}

function variableLoop(plan: RecordPlan, code: RecordCode, room: number): string {
  const values = code.extras
    .map(({ slot }, i) => (slot.length === VARIABLE_LENGTH ? `+M(t${i},l${slot.base})` : ''))
    .join('');
  return `return function(b,start,end,limit,c,sink){${PRELUDE}
while(n<limit&&end-p>=${plan.recordLength}){
${code.layout}
sink.reserve(${room}${values});
const o=sink.bytes,v=V(o);
let q=sink.position,r=0;
${code.rows}
sink.commit(q,r);
p=next;n++;rows+=r;
}
${CONCLUSION}}`;
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

  /** Whether `get` would find it without compiling: for callers that ration compilations. */
  has(fields: readonly FieldSpecifier[]): boolean {
    return this.#programs.has(keyOf(fields));
  }

  /** The program of this field list. Throws as `compileProgram` does. */
  get(fields: readonly FieldSpecifier[]): RecordProgram {
    const key = keyOf(fields);
    const program = this.#programs.get(key) ?? compileProgram(fields, this.#registry);
    this.#programs.delete(key);
    this.#programs.set(key, program); // last in the map's order: used last
    if (this.#programs.size > this.#capacity) {
      const [oldest] = this.#programs.keys();
      if (oldest !== undefined) this.#programs.delete(oldest);
    }
    return program;
  }
}

function keyOf(fields: readonly FieldSpecifier[]): string {
  return fields.map(({ pen, id, length }) => `${pen}.${id}.${length}`).join();
}
