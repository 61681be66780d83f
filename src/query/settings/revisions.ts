import type { DatabaseClient } from '../../../storage/database/database.ts';
import { DogwatchError } from '../../runtime/errors.ts';

/** A revision of the settings that both nodes of a pair have alike, or of a node that is alone. */
export interface SettingsRevision {
  /** From 1. */
  readonly revision: number;
  /** ISO 8601, by the database's clock. */
  readonly at: string;
  /** Where they were changed. */
  readonly node: string;
  readonly account: string;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
  /** What changed, or why. */
  readonly note: string;
  /** YAML, secrets masked. */
  readonly settings: string;
}

const SELECT = `
  SELECT revision::float8 AS revision, at, node, account, digest, note, settings FROM ha_settings WHERE pair = $1`;

/** All revisions of a pair, the latest first. @param pair its name, or that of a node that is alone */
export async function askRevisions(client: DatabaseClient, pair: string): Promise<SettingsRevision[]> {
  const { rows } = await client.query<Omit<SettingsRevision, 'at'> & { at: Date }>(`${SELECT} ORDER BY revision DESC`, [
    pair,
  ]);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** @throws DogwatchError `REVISION_UNKNOWN` */
export function revisionOf(revisions: readonly SettingsRevision[], wanted: number | undefined): SettingsRevision {
  const found = wanted === undefined ? revisions[0] : revisions.find(({ revision }) => revision === wanted);
  if (found !== undefined) return found;
  const most = revisions[0]?.revision ?? 0;
  throw new DogwatchError('REVISION_UNKNOWN', `there is no revision ${wanted ?? 1}, but ${most} of them`, {
    remedy: 'dogwatch config history lists them',
  });
}
