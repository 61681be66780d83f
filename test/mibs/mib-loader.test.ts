import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { MibLoader } from '../../src/mibs/mib-loader.ts';
import { silentLog } from '../../src/runtime/log.ts';

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'dogwatch-mibs-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const FIRST = 'X-MIB DEFINITIONS ::= BEGIN x OBJECT IDENTIFIER ::= { enterprises 64992 } END';
const SECOND = 'X-MIB DEFINITIONS ::= BEGIN renamed OBJECT IDENTIFIER ::= { enterprises 64992 } END';

test('bundled names are there at once, those of the folder after it is compiled, and again after a reload', async (context) => {
  const path = await folder(context);
  await mkdir(join(path, 'vendor'));
  await writeFile(join(path, 'vendor', 'X-MIB.txt'), FIRST);
  const loader = new MibLoader(path, silentLog);
  assert.equal(loader.names.lookUp('1.3.6.1.6.3.1.1.5.3')?.name, 'IF-MIB::linkDown');
  await loader.start();
  context.after(() => loader.stop());
  const before = loader.names.generation;
  await loader.reload();
  assert.equal(loader.names.lookUp('1.3.6.1.4.1.64992')?.name, 'X-MIB::x');
  assert.ok(loader.names.generation > before);
  await writeFile(join(path, 'vendor', 'X-MIB.txt'), SECOND);
  await loader.reload();
  assert.equal(loader.names.lookUp('1.3.6.1.4.1.64992')?.name, 'X-MIB::renamed');
});

test('a folder that is not there means bundled names', async (context) => {
  const loader = new MibLoader(join(await folder(context), 'none'), silentLog);
  await loader.reload();
  assert.equal(loader.names.lookUp('1.3.6.1.6.3.1.1.5.3')?.name, 'IF-MIB::linkDown');
  await loader.stop();
});

test('a stop ends a load that is under way, and names stay', async (context) => {
  const path = await folder(context);
  await writeFile(join(path, 'X-MIB'), FIRST);
  const loader = new MibLoader(path, silentLog);
  await loader.start();
  await loader.stop();
  assert.equal(loader.names.lookUp('1.3.6.1.4.1.64992')?.name, 'SNMPv2-SMI::enterprises.64992');
});
