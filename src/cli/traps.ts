import type { Command } from 'commander';
import type { RecordFilters } from '../query/records/search-records.ts';
import { trapFilterFields } from '../query/traps/trap-filter.ts';
import { lineStyle } from './records/line-style.ts';
import { recordRange } from './records/record-options.ts';
import { showRecords } from './records/show-records.ts';
import { loadTrapNames } from './traps/trap-names.ts';
import { trapWriter } from './traps/trap-writers.ts';
import { addTrapsOptions, type TrapsOptions } from './traps/traps-options.ts';

const HELP = `
Examples:
  dogwatch traps                                           the newest 100 of the last 15 minutes
  dogwatch traps --follow --trap linkDown,linkUp           what comes
  dogwatch traps --device 192.0.2.0/24 --last 2h --long    each varbind on a line of its own
  dogwatch traps --trap "bgp*" --last 7d                   by name, with * for anything
  dogwatch traps --trap 1.3.6.1.4.1.9 --limit all --csv    at this OID and below
  dogwatch traps --varbind ifIndex=3 --last 1d             also ifOperStatus=down, ifAlias.3=*uplink*, 1.3.6.1.2.1.2.2.1.1
  dogwatch traps --match "Gi1/0/3" --around 14:30 --span 2m
  dogwatch traps --pdu undecodable --raw                   bytes of what could not be decoded
  dogwatch traps --json | jq '.varbinds[] | select(.name | test("ifAlias"))'

A list with commas means any of its values; options, and one option given twice, must all hold. Traps and varbinds are named by
the MIB files of today, also those of before; --match looks for names as they were on arrival. On a screen a line is cut at its
width (--wide: it is not), and characters that a terminal would obey are written as escapes.

Exit code 3 when the database does not answer.`;

/** `dogwatch traps`: searches SNMP traps and informs, and follows them. */
export function registerTraps(program: Command): void {
  const command = program
    .command('traps')
    .summary('search and follow SNMP traps and informs')
    .description('Searches SNMP traps and informs by any field, and follows those that come.');
  const filtersOf = addTrapsOptions(command);
  command
    .addHelpText('after', HELP)
    .action((options: TrapsOptions & Readonly<Record<string, unknown>>) => showTraps(options, filtersOf(options)));
}

async function showTraps(options: TrapsOptions, filters: RecordFilters): Promise<void> {
  const range = recordRange(options, new Date());
  const names = await loadTrapNames(options.mibs, options.config);
  await showRecords(options, {
    table: { name: 'snmp_traps', fields: trapFilterFields(names), flags: [] },
    filters,
    range,
    writer: trapWriter(options, lineStyle(range, options.wide === true), names, process.stdout.isTTY),
    nouns: ['trap', 'traps'],
    command: 'dogwatch traps',
  });
}
