import type { CompiledModule } from '../../collectors/snmp/names/compiled-module.ts';
import { compileModules } from './compile-modules.ts';
import type { MibFinding } from './finding.ts';
import { isFinding, readMibFiles } from './mib-files.ts';
import type { ModuleText } from './module-text.ts';
import { parseModules } from './parse-modules.ts';

/** What became of MIB files. */
export interface MibReport {
  readonly modules: readonly CompiledModule[];
  /** A line for each module in each file, as it was met. */
  readonly files: readonly {
    readonly file: string;
    readonly module: string;
    readonly names: number;
    readonly lost: number;
  }[];
  readonly findings: readonly MibFinding[];
}

/** Reads and compiles the MIB files in `paths` (files and folders) on top of `known` modules. Never throws for what is in them. */
export async function compileMibs(paths: readonly string[], known: readonly CompiledModule[]): Promise<MibReport> {
  const texts: ModuleText[] = [];
  const findings: MibFinding[] = [];
  for await (const read of readMibFiles(paths)) {
    if (isFinding(read)) {
      findings.push(read);
      continue;
    }
    const parsed = parseModules(read.file, read.source);
    texts.push(...parsed.modules);
    findings.push(...parsed.findings);
  }
  const modules: CompiledModule[] = [];
  const files: MibReport['files'][number][] = [];
  for (const { file, compiled, lost, findings: found } of compileModules(texts, known)) {
    const isDuplicate = found.some(({ code }) => code === 'duplicate-module');
    if (!isDuplicate) modules.push(compiled);
    files.push({ file, module: compiled.module, names: compiled.nodes.length, lost });
    findings.push(...found);
  }
  return { modules, files, findings };
}
