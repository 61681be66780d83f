import { existsSync } from 'node:fs';
import type { CompiledNode } from '../../../collectors/snmp/names/compiled-module.ts';
import type { NameTable } from '../../../collectors/snmp/names/name-table.ts';
import { SnmpNames } from '../../../collectors/snmp/names/snmp-names.ts';
import { nameTable, standardModules } from '../../../collectors/snmp/names/standard-names.ts';
import { nameAgain, type StoredVarbind } from '../../../collectors/snmp/names/stored-varbind.ts';
import { loadConfig } from '../../config/load.ts';
import { compileMibs } from '../../mibs/compile-mibs.ts';
import type { OidsByName } from '../../query/traps/trap-filter.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import { parseExactly } from '../records/exact-json.ts';

/** More names than that are no question that anybody has. */
const MOST_OIDS = 10_000;

/** Names as they are today, for traps of any day. */
export class TrapNames implements OidsByName {
  readonly #table: NameTable;
  readonly #names: SnmpNames;

  constructor(table: NameTable) {
    this.#table = table;
    this.#names = new SnmpNames(table);
  }

  /** `MODULE::name` of a trap: today's, else that of its arrival; null where there is neither. */
  trapName(oid: string | null, stored: string | null): string | null {
    return (oid === null ? undefined : this.#names.lookUp(oid)?.name) ?? stored;
  }

  /** The column `varbinds` named anew. */
  varbinds(json: string | null): readonly StoredVarbind[] {
    return json === null ? [] : storedVarbinds(json).map((varbind) => nameAgain(this.#names, varbind));
  }

  notifications(name: string): readonly string[] {
    return this.#oids(name, ({ kind }) => kind === 'notification');
  }

  objects(name: string): readonly string[] {
    const [, object = name, instance] = /^([^.]+)(\.\d+(?:\.\d+)*)$/.exec(name) ?? [];
    const oids = this.#oids(object, ({ kind }) => kind === 'scalar' || kind === 'column');
    return instance === undefined ? oids : oids.map((oid) => oid + instance);
  }

  #oids(name: string, isWanted: (node: CompiledNode) => boolean): string[] {
    const [first = '', second] = name.split('::');
    const [inModule, called] = second === undefined ? [/^/, glob(first)] : [glob(first), glob(second)];
    return this.#table.modules
      .filter(({ module }) => inModule.test(module))
      .flatMap(({ nodes }) => nodes.filter((node) => isWanted(node) && called.test(node.name)).map(({ oid }) => oid))
      .slice(0, MOST_OIDS);
  }
}

/**
 * The names that ship with the program, and those of MIB files: in `folder`, else where the configuration has them.
 * @throws DogwatchError `FILE_UNREADABLE` where `folder` is none
 */
export async function loadTrapNames(folder: string | undefined, configFile: string | undefined): Promise<TrapNames> {
  if (folder !== undefined && !existsSync(folder)) {
    throw new DogwatchError('FILE_UNREADABLE', `there is no folder ${folder}`, {
      remedy: 'Name the folder of your MIB files, or leave out --mibs.',
    });
  }
  const path = folder ?? loadConfig({ file: configFile }).config.snmp.mibDirectory;
  if (!existsSync(path)) return new TrapNames(nameTable());
  const { modules } = await compileMibs([path], standardModules());
  return new TrapNames(nameTable(modules));
}

/** `*` stands for anything; in upper or lower case. */
function glob(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replaceAll(/[^\w]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'i');
}

function storedVarbinds(json: string): StoredVarbind[] {
  const parsed: unknown = parseExactly(json);
  return Array.isArray(parsed) ? parsed.filter(isVarbind) : [];
}

function isVarbind(value: unknown): value is StoredVarbind {
  return typeof value === 'object' && value !== null && 'oid' in value && 'type' in value;
}
