/** An index that a partition gets when it is complete. */
interface SearchIndex {
  /** Its name is that of the partition, `_` and this. */
  readonly suffix: string;
  /** What stands behind `CREATE INDEX … ON partition USING`; `{trigrams}` is the schema of pg_trgm. */
  readonly definition: string;
  readonly isTrigram: boolean;
}

/**
 * In the order in which they are built: what costs little first. docs/syslog-search.md has the figures behind the choice.
 * Their expressions and conditions are those of `src/query/log-filter.ts`: PostgreSQL takes an index only for the same.
 */
const MESSAGE_INDEXES: readonly SearchIndex[] = [
  plain('device', 'btree (device)'),
  plain('hostname', 'btree (lower(hostname) text_pattern_ops) WHERE hostname IS NOT NULL'),
  plain('app', 'btree (lower(app_name) text_pattern_ops) WHERE app_name IS NOT NULL'),
  plain('mnemonic', 'btree (lower(mnemonic) text_pattern_ops) WHERE mnemonic IS NOT NULL'),
  plain('facility', 'btree (facility)'),
  plain('severe', 'btree (severity) WHERE severity <= 3'),
  plain('unparsed', 'brin (received_at) WITH (pages_per_range = 64) WHERE reason IS NOT NULL'),
  plain('tags', 'gin (tags) WHERE tags IS NOT NULL'),
  { suffix: 'text', definition: 'gin (message {trigrams}.gin_trgm_ops)', isTrigram: true },
];

/** The same for traps; their expressions are those of `src/query/trap-filter.ts`. */
const TRAP_INDEXES: readonly SearchIndex[] = [
  plain('device', 'btree (device)'),
  plain('agent', 'btree (agent_address) WHERE agent_address IS NOT NULL'),
  plain('trap', 'btree (trap_oid text_pattern_ops) WHERE trap_oid IS NOT NULL'),
  plain('user', 'btree (lower(security_name) text_pattern_ops) WHERE security_name IS NOT NULL'),
  plain('undecoded', 'btree (received_at) WHERE reason IS NOT NULL'),
  plain('flags', 'gin (flags) WHERE flags IS NOT NULL'),
  {
    suffix: 'text',
    definition: `gin ((coalesce(trap_name, '') || ' ' || varbinds::text) {trigrams}.gin_trgm_ops)`,
    isTrigram: true,
  },
];

/** By the partitioned table. */
const SEARCH_INDEXES: ReadonlyMap<string, readonly SearchIndex[]> = new Map([
  ['syslog_messages', MESSAGE_INDEXES],
  ['snmp_traps', TRAP_INDEXES],
]);

/** Tables whose partitions get indexes when they are complete. */
export const SEARCHED_TABLES: readonly string[] = [...SEARCH_INDEXES.keys()];

function plain(suffix: string, definition: string): SearchIndex {
  return { suffix, definition, isTrigram: false };
}

export interface SearchPartition {
  /** The partitioned table, one of `SEARCHED_TABLES`. */
  readonly table: string;
  readonly name: string;
  /** Exclusive upper bound, microseconds since the Unix epoch. */
  readonly upper: number;
  /** Without its indexes. */
  readonly bytes: number;
  /** By name, whether it is usable. */
  readonly indexes: ReadonlyMap<string, boolean>;
}

export interface IndexTask {
  readonly partition: string;
  readonly index: string;
  readonly definition: string;
  /** There is one whose build was interrupted; it serves nobody and costs every row. */
  readonly isLeftover: boolean;
  /** After this one the planner's statistics are due. */
  readonly completesPlain: boolean;
}

/** Why some partitions are searched without an index, and how many. */
export interface Unindexed {
  readonly why: string;
  readonly partitions: number;
}

export interface IndexPlan {
  /** What to build, the most useful first. */
  readonly tasks: readonly IndexTask[];
  readonly unindexed: readonly Unindexed[];
  /** Partitions that have all that they are to have. */
  readonly finished: number;
}

export interface PlanOptions {
  /** The schema of pg_trgm, or why there is none. */
  readonly trigrams: { readonly schema: string } | { readonly why: string };
  /** A larger partition gets no trigrams: building them would take longer than the next one takes to fill. */
  readonly maxTrigramBytes: number;
}

/**
 * What `partitions`, which are complete, still lack. All plain indexes come before all trigrams, since they cost a hundredth;
 * of each kind the newest partition is first, since that is asked for most.
 */
export function planIndexes(partitions: readonly SearchPartition[], options: PlanOptions): IndexPlan {
  const newestFirst = partitions.toSorted((a, b) => b.upper - a.upper);
  const refused = new Map<string, number>();
  const plainTasks: IndexTask[] = [];
  const trigramTasks: IndexTask[] = [];
  let finished = 0;
  for (const partition of newestFirst) {
    const missing = (SEARCH_INDEXES.get(partition.table) ?? []).filter(
      ({ suffix }) => partition.indexes.get(`${partition.name}_${suffix}`) !== true,
    );
    const why = missing.some(({ isTrigram }) => isTrigram) ? refusal(partition, options) : undefined;
    if (why !== undefined) refused.set(why, (refused.get(why) ?? 0) + 1);
    const wanted = missing.filter(({ isTrigram }) => !isTrigram || why === undefined);
    if (wanted.length === 0) finished += 1;
    const lastPlain = wanted.findLast(({ isTrigram }) => !isTrigram);
    for (const each of wanted) {
      (each.isTrigram ? trigramTasks : plainTasks).push(taskOf(partition, each, each === lastPlain, options));
    }
  }
  const unindexed = Array.from(refused, ([why, count]) => ({ why, partitions: count }));
  return { tasks: [...plainTasks, ...trigramTasks], unindexed, finished };
}

const RECORDS: Readonly<Record<string, string>> = { syslog_messages: 'messages', snmp_traps: 'traps' };

function refusal({ table, bytes }: SearchPartition, { trigrams, maxTrigramBytes }: PlanOptions): string | undefined {
  if ('why' in trigrams) return trigrams.why;
  if (bytes <= maxTrigramBytes) return undefined;
  const gibibytes = (maxTrigramBytes / 2 ** 30).toFixed(1);
  return `more than ${gibibytes} GiB of ${RECORDS[table] ?? 'records'} in an hour: their text would take too long to index`;
}

function taskOf(
  { name, indexes }: SearchPartition,
  { suffix, definition }: SearchIndex,
  completesPlain: boolean,
  { trigrams }: PlanOptions,
): IndexTask {
  const index = `${name}_${suffix}`;
  const schema = 'schema' in trigrams ? trigrams.schema : '';
  return {
    partition: name,
    index,
    definition: definition.replace('{trigrams}', schema),
    isLeftover: indexes.has(index),
    completesPlain,
  };
}
