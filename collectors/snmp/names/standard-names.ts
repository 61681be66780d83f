import type { CompiledModule } from './compiled-module.ts';
import enterprises from './enterprises.json' with { type: 'json' };
import { type ModuleLines, moduleOf } from './module-lines.ts';
import { NameTable } from './name-table.ts';
import standard from './standard-names.json' with { type: 'json' };

let modules: readonly CompiledModule[] | undefined;

/** The modules that ship with the program; `docs/snmp-names.md` says which, and how they are renewed. */
export function standardModules(): readonly CompiledModule[] {
  const lines: Readonly<Record<string, ModuleLines>> = standard;
  modules ??= Object.entries(lines).map(([name, each]) => moduleOf(name, each));
  return modules;
}

/** The modules that ship with the program, but for those that `own` has under the same name; then `own`; then vendors. */
export function nameTable(own: readonly CompiledModule[] = []): NameTable {
  const filling = fillTable(own);
  for (let step = filling.next(); ; step = filling.next()) if (step.done === true) return step.value;
}

/** `nameTable` module by module, for those who have other things to do in between. */
export function* fillTable(own: readonly CompiledModule[]): Generator<undefined, NameTable> {
  const replaced = new Set(own.map(({ module }) => module));
  const table = new NameTable();
  for (const module of standardModules()) {
    if (!replaced.has(module.module)) table.add(module);
    yield;
  }
  for (const module of own) {
    table.add(module);
    yield;
  }
  table.addVendors(enterprises);
  return table;
}
