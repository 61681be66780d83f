import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../..', import.meta.url));
/** All that runs. */
const ROOMS = ['collectors', 'ha', 'src', 'storage'];

/** This program in a folder of its own, as another version. What it needs it shares with ours. */
export async function copyAsVersion(folder: string, version: string): Promise<void> {
  await mkdir(folder, { mode: 0o755 });
  await Promise.all(ROOMS.map((room) => cp(join(PROGRAM, room), join(folder, room), { recursive: true })));
  await symlink(join(PROGRAM, 'node_modules'), join(folder, 'node_modules'));
  const manifest: object = JSON.parse(await readFile(join(PROGRAM, 'package.json'), 'utf8'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, version }));
}
