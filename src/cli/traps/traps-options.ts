import { Option, type Command } from 'commander';
import type { RecordFilters } from '../../query/records/search-records.ts';
import { NO_NAMES, trapFilterFields } from '../../query/traps/trap-filter.ts';
import { addRecordOptions, type RecordOptions } from '../records/record-options.ts';

export interface TrapsOptions extends RecordOptions {
  readonly long?: true;
  readonly mibs?: string;
}

/** Adds every option of `dogwatch traps`. @returns what reads the filters from the parsed options */
export function addTrapsOptions(command: Command): (options: Readonly<Record<string, unknown>>) => RecordFilters {
  const raw = 'print the bytes of what could not be decoded, hexadecimal';
  const filtersOf = addRecordOptions(command, { fields: trapFilterFields(NO_NAMES), flags: [] }, raw);
  command
    .addOption(new Option('--long', 'a line for each varbind').conflicts(['json', 'csv', 'raw']))
    .option('--mibs <dir>', 'MIB files to name with (default: those of snmp.mibDirectory)');
  return (options) => {
    const filters = filtersOf(options);
    // There are bytes of nothing else.
    return options['raw'] === true && !filters.has('pdu') ? new Map([...filters, ['pdu', ['undecodable']]]) : filters;
  };
}
