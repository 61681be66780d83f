import { type DatabaseClient, quoteIdentifier } from '../database.ts';
import { listPartitions, type Partition } from '../partitions.ts';
import { sqlFile } from '../sql.ts';

/** A partition and what it takes. */
export interface SizedPartition extends Partition {
  /** The partitioned table. */
  readonly table: string;
  /** With indexes, and values stored out of line. */
  readonly bytes: number;
  /** Nothing was ever written to it. */
  readonly isEmpty: boolean;
  /** As the planner last saw them; undefined where it has not looked yet. */
  readonly rows: number | undefined;
}

const LIST_PARTITION_SIZES = sqlFile('list-partition-sizes');

/** Partitions of `table` with their sizes, oldest first; none where there is no such table. */
export async function sizedPartitions(client: DatabaseClient, table: string): Promise<SizedPartition[]> {
  const { rows } = await client.query<{ name: string; bytes: string; is_empty: boolean; rows: string | null }>(
    LIST_PARTITION_SIZES,
    [quoteIdentifier(table)],
  );
  const sizes = new Map(rows.map((each) => [each.name, each]));
  return (await listPartitions(client, table)).flatMap((partition): SizedPartition[] => {
    const size = sizes.get(partition.name);
    if (size === undefined) return [];
    const rows = size.rows === null ? undefined : Number(size.rows);
    return [{ ...partition, table, bytes: Number(size.bytes), isEmpty: size.is_empty, rows }];
  });
}
