/** SQL about names that polling tells (interface_names, device_names): those of the day, and not those of today. */

/** Place holders of the beginning and the end of a stretch of time. */
export interface Stretch {
  readonly from: string;
  readonly to: string;
}

/** The last row of an interface that held at some time of a stretch. */
export function lastInterfaceName(exporter: string, ifIndex: string, stretch: Stretch): string {
  return lastHeld('interface_names', `n.device = ${exporter} AND n.if_index = ${ifIndex}`, stretch);
}

/** The last row of a device that held at some time of a stretch. */
export function lastDeviceName(exporter: string, stretch: Stretch): string {
  return lastHeld('device_names', `n.device = ${exporter}`, stretch);
}

function lastHeld(table: string, whose: string, { from, to }: Stretch): string {
  return `SELECT n.* FROM ${table} n WHERE ${whose} AND n.valid_from < ${to} AND (n.valid_to IS NULL OR n.valid_to > ${from})
    ORDER BY n.valid_from DESC LIMIT 1`;
}

/** Of a flow: what its interface in `column` was called when it was received, as polled, else as the exporter told. */
export function interfaceNameOf(column: string): string {
  return `coalesce((SELECT coalesce(n.name, n.description) FROM interface_names n
      WHERE n.device = flows.exporter AND n.if_index = flows.${column} AND ${heldWhenReceived()}),
    (SELECT coalesce(i.name, i.description) FROM interfaces i
      WHERE i.exporter = flows.exporter AND i.if_index = flows.${column}))`;
}

/**
 * Conditions on flows, any of which may hold: that an interface in one of `columns` is called one of `names`, a place holder for
 * text[]. By name, alias or description as polled, at the time of the flow; or as the exporter told.
 */
export function interfaceIsCalled(columns: readonly string[], names: string): string[] {
  const called = `n.name = ANY(${names}) OR n.alias = ANY(${names}) OR n.description = ANY(${names})`;
  const told = `SELECT exporter, if_index FROM interfaces WHERE name = ANY(${names}) OR description = ANY(${names})`;
  return columns.flatMap((column) => [
    `(exporter, ${column}) IN (${told})`,
    // First who ever was called so, which is one look into a hash; then when, for the few that are left.
    `(exporter, ${column}) IN (SELECT n.device, n.if_index FROM interface_names n WHERE ${called})
      AND EXISTS (SELECT FROM interface_names n WHERE n.device = flows.exporter AND n.if_index = flows.${column}
        AND ${heldWhenReceived()} AND (${called}))`,
  ]);
}

function heldWhenReceived(): string {
  return 'n.valid_from <= flows.received_at AND (n.valid_to IS NULL OR n.valid_to > flows.received_at)';
}
