import type { CompiledModule } from '../../collectors/snmp/names/compiled-module.ts';
import { standardModules } from '../../collectors/snmp/names/standard-names.ts';
import { compileModules } from '../../src/mibs/compile-modules.ts';
import { parseModules } from '../../src/mibs/parse-modules.ts';

/** Compiles MIB texts, each a file of its own, on top of the bundled modules. */
export function compileTexts(...sources: string[]) {
  return compileTextsOn(standardModules(), ...sources);
}

/** The same on top of `known` modules. */
export function compileTextsOn(known: readonly CompiledModule[], ...sources: string[]) {
  const parsed = sources.map((source, index) => parseModules(`file-${index + 1}`, source));
  const texts = parsed.flatMap(({ modules }) => modules);
  const compiled = [...compileModules(texts, known)];
  const nodes = compiled.flatMap(({ compiled }) => compiled.nodes);
  const findings = [...parsed, ...compiled].flatMap(({ findings }) => findings);
  return {
    modules: compiled.map(({ compiled }) => compiled),
    nodes,
    findings,
    node: (name: string) => nodes.find((node) => node.name === name),
    said: findings.map(({ file, line, severity, code }) => `${file}:${line} ${severity} ${code}`),
  };
}
