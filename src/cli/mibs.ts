import { InvalidArgumentError, Option, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CompiledModule, CompiledNode } from '../../collectors/snmp/names/compiled-module.ts';
import { linesOf } from '../../collectors/snmp/names/module-lines.ts';
import type { NameTable } from '../../collectors/snmp/names/name-table.ts';
import { nameTable, standardModules } from '../../collectors/snmp/names/standard-names.ts';
import { loadConfig } from '../config/load.ts';
import { compileMibs, type MibReport } from '../mibs/compile-mibs.ts';
import { DogwatchError } from '../runtime/errors.ts';
import { EXIT } from './exit-codes.ts';
import { checkText } from './mibs/check-text.ts';
import { type FoundText, foundText, findNames } from './mibs/find-names.ts';
import { moduleRows, nodeRows, nodesShown } from './mibs/list-rows.ts';
import { configOption } from './options/config-option.ts';
import { speaksUnicode } from './terminal/bars.ts';
import { outputWidth, terminalSafeJson, writeOut } from './terminal/output.ts';
import { renderTable } from './terminal/table.ts';

const HELP = `
Names for traps come from the modules that ship with dogwatch and from MIB files, which makers of devices give out. Put these into
the MIB folder (--directory), as they are, in folders of their own if you like: SMIv1 and SMIv2, any file name.

Examples:
  dogwatch mibs check                            what parses in the MIB folder, and what is missing
  dogwatch mibs check CISCO-*.my                 files before they are put there
  dogwatch mibs list                             every module, and where it comes from
  dogwatch mibs find linkDown                    its OID, and the objects that it carries
  dogwatch mibs find 1.3.6.1.2.1.2.2.1.8.3       IF-MIB::ifOperStatus.3`;

const LIST_HELP = `
Examples:
  dogwatch mibs list
  dogwatch mibs list --module IF-MIB             everything in a module
  dogwatch mibs list --oid 1.3.6.1.2.1.2.2.1     at an OID and below
  dogwatch mibs list --json | jq -r .module`;

const CHECK_HELP = `
Examples:
  dogwatch mibs check                            the MIB folder
  dogwatch mibs check ~/Downloads/vendor-mibs    another folder, with all that is below it
  dogwatch mibs check A-MIB.txt B-MIB.txt --json | jq '.findings[] | select(.severity == "error")'

An error means that names are lost, a warning that they are not. A module that another imports from may be missing: put it beside.
Exit code 1 where there is an error.`;

const FIND_HELP = `
Examples:
  dogwatch mibs find ifOperStatus.3              1.3.6.1.2.1.2.2.1.8.3
  dogwatch mibs find IF-MIB::linkDown
  dogwatch mibs find .1.3.6.1.4.1.9.9.43.2.0.1   as it stands in a trap; the nearest name where it has none
  dogwatch mibs find 'bgp*'                      names that begin so
Exit code 1 when nothing is found.`;

const COMPILE_HELP = `
Examples:
  dogwatch mibs compile ietf-mibs >collectors/snmp/names/standard-names.json

This is how the modules that ship with dogwatch are renewed: the folder must hold all that they import from.`;

interface MibsOptions {
  readonly config?: string;
  readonly directory?: string;
  readonly json?: true;
}

/** `dogwatch mibs`: what SNMP names are known, and what MIB files lack. */
export function registerMibs(program: Command): void {
  const mibs = program
    .command('mibs')
    .summary('names for SNMP traps: list, check and find them')
    .description('Lists, checks and finds the names that SNMP traps get.')
    .addHelpText('after', HELP);
  registerList(mibs);
  registerCheck(mibs);
  registerFind(mibs);
  registerCompile(mibs);
}

function registerList(mibs: Command): void {
  withFolder(mibs.command('list'))
    .summary('list modules, or the names of one')
    .description('Lists modules, or the names of one of them.')
    .option('--module <name>', 'the names in this module')
    .addOption(new Option('--oid <oid>', 'the names at this OID and below').argParser(parseOid))
    .addHelpText('after', LIST_HELP)
    .action(async (options: MibsOptions & { module?: string; oid?: string }) => {
      const { report, table } = await knownNames(options);
      if (options.module === undefined && options.oid === undefined) {
        return showList(moduleRows(table, report), options);
      }
      if (options.module !== undefined && !table.has(options.module)) {
        throw new DogwatchError('UNKNOWN_MODULE', `there is no module ${options.module}`, {
          remedy: '"dogwatch mibs list" has the names of all.',
        });
      }
      return showList(nodeRows(table, nodesShown(table, options)), options);
    });
}

function registerCheck(mibs: Command): void {
  withFolder(mibs.command('check'))
    .summary('say what parses, and what is missing')
    .description('Says what parses in MIB files, and what is missing.')
    .argument('[path...]', 'files and folders (default: the MIB folder)')
    .addHelpText('after', CHECK_HELP)
    .action(async (paths: string[], options: MibsOptions) => {
      const folder = paths.length > 0 ? [] : [folderOf(options)];
      const checked = [...paths, ...folder];
      // Who has no MIB files needs no MIB folder.
      const report = await compileMibs([...paths, ...folder.filter(existsSync)], standardModules());
      await writeOut(options.json === true ? jsonLine(checkJson(report)) : checkText(report, checked));
      if (report.findings.some(({ severity }) => severity === 'error')) process.exitCode = EXIT.failure;
    });
}

function registerFind(mibs: Command): void {
  withFolder(mibs.command('find'))
    .summary('translate names to OIDs, and back')
    .description('Translates names to OIDs, and OIDs to names.')
    .argument('<name...>', 'name, MODULE::name, beginning*, or OID, with the index of an instance or without')
    .addHelpText('after', FIND_HELP)
    .action(async (names: string[], options: MibsOptions) => {
      const { table } = await knownNames(options);
      const found: FoundText[] = [];
      for (const name of names) {
        const here = findNames(table, name);
        if (here.length === 0) process.stderr.write(`Nothing known by the name ${JSON.stringify(name)}.\n`);
        found.push(...here);
      }
      for (const each of found) await writeOut(options.json === true ? jsonLine(each) : foundText(each));
      if (found.length === 0) process.exitCode = EXIT.failure;
    });
}

function registerCompile(mibs: Command): void {
  mibs
    .command('compile')
    .summary('print MIB files as compiled facts')
    .description('Prints MIB files as the facts that this program keeps of them.')
    .argument('<path...>', 'files and folders')
    .addHelpText('after', COMPILE_HELP)
    .action(async (paths: string[]) => {
      const { modules, findings } = await compileMibs(paths, []);
      const errors = findings.filter(({ severity }) => severity === 'error');
      for (const { file, line, message } of errors) process.stderr.write(`${file}:${line}: ${message}\n`);
      await writeOut(`${JSON.stringify(modulesJson(modules), undefined, 1)}\n`);
      if (errors.length > 0) process.exitCode = EXIT.failure;
    });
}

/** In the order of names, so that the file changes no more than the modules do; without those that name nothing. */
function modulesJson(modules: readonly CompiledModule[]): object {
  const named = modules.filter(({ nodes, types }) => nodes.length > 0 || Object.keys(types).length > 0);
  const sorted = named.sort((a, b) => (a.module < b.module ? -1 : 1));
  return Object.fromEntries(sorted.map((each) => [each.module, linesOf(each)]));
}

function withFolder(command: Command): Command {
  return command
    .option('-d, --directory <dir>', 'the MIB folder (default: mibs in the state directory)')
    .addOption(configOption())
    .option('--json', 'print JSON');
}

function folderOf({ config, directory }: MibsOptions): string {
  return directory ?? join(loadConfig({ file: config }).config.stateDirectory, 'mibs');
}

async function knownNames(options: MibsOptions): Promise<{ report: MibReport; table: NameTable }> {
  const report = await compileMibs([folderOf(options)], standardModules());
  return { report, table: nameTable(report.modules) };
}

async function showList(
  { columns, rows }: { columns: readonly string[]; rows: readonly (readonly string[])[] },
  options: MibsOptions,
): Promise<void> {
  if (options.json === true) {
    const lines = rows.map((row) => jsonLine(Object.fromEntries(columns.map((column, index) => [column, row[index]]))));
    return writeOut(lines.join(''));
  }
  const titles = columns.map((title, index) => ({ title: title.toUpperCase(), shrinks: index === columns.length - 1 }));
  return writeOut(renderTable(titles, rows, { width: outputWidth(), unicode: speaksUnicode(process.env) }));
}

function checkJson({ files, findings }: MibReport): object {
  return { modules: files, findings };
}

function jsonLine(value: object): string {
  return terminalSafeJson(`${JSON.stringify(value)}\n`);
}

function parseOid(text: string): CompiledNode['oid'] {
  const oid = text.startsWith('.') ? text.slice(1) : text;
  if (!/^\d+(\.\d+)*$/.test(oid)) throw new InvalidArgumentError('It must be dotted numbers, such as 1.3.6.1.2.1.2.');
  return oid;
}
