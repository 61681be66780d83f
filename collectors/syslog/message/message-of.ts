import type { KeyValues, StructuredData, SyslogMessage } from '../message.ts';
import { CISCO, type ParsedMessage, RFC3164, RFC5424 } from './parsed-message.ts';

const formats = new Map<number, SyslogMessage['format']>([
  [RFC5424, 'rfc5424'],
  [RFC3164, 'rfc3164'],
  [CISCO, 'cisco'],
]);

/** A parsed message as strings, for people and tests; nothing of it belongs to the parser. */
export function messageOf(parsed: ParsedMessage): SyslogMessage {
  return {
    facility: numberOf(parsed.facility),
    severity: numberOf(parsed.severity),
    format: formats.get(parsed.format) ?? 'raw',
    version: numberOf(parsed.version),
    timestampMicros: parsed.hasTime ? parsed.timestampMicros : undefined,
    yearGuessed: parsed.yearGuessed,
    zoneGuessed: parsed.zoneGuessed,
    hostname: textOf(parsed, parsed.hostStart, parsed.hostEnd),
    appName: textOf(parsed, parsed.appStart, parsed.appEnd),
    procId: textOf(parsed, parsed.procStart, parsed.procEnd),
    msgId: textOf(parsed, parsed.msgIdStart, parsed.msgIdEnd),
    structuredData: structuredDataOf(parsed),
    dialect: parsed.dialect?.text,
    vendor: textOf(parsed, parsed.vendorStart, parsed.vendorEnd),
    mnemonic: textOf(parsed, parsed.mnemonicStart, parsed.mnemonicEnd),
    fields: fieldsOf(parsed),
    text: parsed.utf8(parsed.textStart, parsed.end),
    lossy: parsed.lossy,
    reason: parsed.reason?.text,
  };
}

/** Undefined where there is none. */
export function textOf(parsed: ParsedMessage, start: number, end: number): string | undefined {
  return end > start ? parsed.utf8(start, end) : undefined;
}

function numberOf(value: number): number | undefined {
  return value < 0 ? undefined : value;
}

function fieldsOf(parsed: ParsedMessage): KeyValues | undefined {
  const { fields } = parsed;
  if (fields.count === 0) return undefined;
  const pairs: KeyValues = [];
  for (let index = 0; index < fields.count; index++) {
    pairs.push(parsed.utf8(fields.keyStart(index), fields.keyEnd(index)));
    pairs.push(parsed.utf8(fields.valueStart(index), fields.valueEnd(index)));
  }
  return pairs;
}

/** An SD-ID that comes twice is merged; of a parameter that comes twice, the last value is shown. */
function structuredDataOf(parsed: ParsedMessage): StructuredData | undefined {
  const { elements } = parsed;
  if (elements.count === 0) return undefined;
  const data: StructuredData = {};
  for (let index = 0; index < elements.count; index++) {
    const id = parsed.utf8(elements.idStart(index), elements.idEnd(index));
    if (!Object.hasOwn(data, id)) define(data, id, {});
    for (let at = elements.firstParameter(index); at < elements.endOfParameters(index); at++) {
      const { parameters } = elements;
      const name = parsed.utf8(parameters.keyStart(at), parameters.keyEnd(at));
      define(data[id]!, name, parsed.utf8(parameters.valueStart(at), parameters.valueEnd(at)));
    }
  }
  return data;
}

/** A name like `__proto__` must become a property, not the prototype. */
function define<T>(target: Record<string, T>, name: string, value: T): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
