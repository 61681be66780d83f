import { readFileSync } from 'node:fs';

/** The text of `sql/<name>.sql`. */
export function sqlFile(name: string): string {
  return readFileSync(new URL(`../sql/${name}.sql`, import.meta.url), 'utf8');
}
