import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../config/units.ts';

/** Parsers of option values for commander; what they refuse is explained and ends with the exit code for wrong usage. */

export function parseWholeNumber(smallest: number, largest: number): (text: string) => number {
  return (text) => {
    const value = Number(text.replaceAll('_', ''));
    if (text.trim() === '' || !Number.isInteger(value) || value < smallest || value > largest) {
      throw new InvalidArgumentError(`It must be a whole number from ${smallest} to ${largest}.`);
    }
    return value;
  };
}

/** An option that takes a whole number. */
export function number(flags: string, description: string, smallest: number, largest: number, preset?: number): Option {
  const option = new Option(flags, description).argParser(parseWholeNumber(smallest, largest));
  return preset === undefined ? option : option.default(preset);
}

/** A rate a second: `50000`, `50k`, `1.5M`, each also with `/s`, or `max`, which is Infinity. */
export function parseRate(text: string): number {
  if (text === 'max') return Infinity;
  const match = /^(\d+(?:\.\d+)?)([kM]?)(?:\/s)?$/.exec(text.replaceAll('_', ''));
  const value =
    Number(match?.[1]) * { k: 1e3, M: 1e6, '': 1 }[match?.[2] === 'k' ? 'k' : match?.[2] === 'M' ? 'M' : ''];
  if (!(value > 0)) throw new InvalidArgumentError('It must be a rate a second such as 50000, 50k or 1.5M, or max.');
  return value;
}

/** Milliseconds. */
export function parseDurationOption(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('It must be a duration such as 500ms, 10s or 5m.');
  return ms;
}

/** `0.3` or `30%`. */
export function parseShare(text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('It must be a share from 0 to 1, or from 0% to 100%.');
  }
  return value;
}

/** UDP ports, `2055,4739`. */
export function parsePorts(text: string): ReadonlySet<number> {
  const port = parseWholeNumber(1, 65_535);
  return new Set(text.split(',').map((part) => port(part.trim())));
}
