import { applicationIdText } from '../values/application-id.ts';
import { ELEMENT_TYPES } from '../elements/element-type.ts';
import type { ElementRegistry } from '../elements/registry.ts';
import { VARIABLE_LENGTH, type FieldSpecifier } from '../record/record.ts';
import type { SamplingState } from '../exporter/sampling.ts';

/** What one option record says, as far as it is understood; -1, NaN and '' stand for "nothing". */
class OptionRecord {
  samplingInterval = -1; // IE 34
  samplerId = -1; // IE 48, 302
  samplerInterval = -1; // IE 50
  packetInterval = -1; // IE 305
  packetSpace = -1; // IE 306
  timeInterval = -1; // IE 307
  timeSpace = -1; // IE 308
  size = -1; // IE 309
  population = -1; // IE 310
  probability = Number.NaN; // IE 311
  interface = -1; // IE 10, 14, 252, 253, or the v9 scope "interface"
  templateId = -1; // IE 145
  bootedAtMs = -1; // IE 160
  interfaceName = ''; // IE 82
  interfaceDescription = ''; // IE 83
  applicationId = ''; // IE 95
  applicationName = ''; // IE 96
  applicationDescription = ''; // IE 94
  applicationCategory = ''; // IE 372
  elementPen = -1; // IE 346
  elementId = -1; // IE 303
  elementType = -1; // IE 339
  elementName = ''; // IE 341
}

/** What follows from option data, beside the sampling rates. */
export interface OptionFindings {
  interfaceNamed(ifIndex: number, name: string, description: string): void;
  applicationNamed(applicationId: string, name: string, description: string, category: string): void;
  bootedAt(micros: number): void;
  /** An element that had no name has one now. */
  elementNamed(pen: number, id: number): void;
}

/** Longer names are cut. */
const MAX_TEXT_BYTES = 1024;
const EMPTY = new OptionRecord();

/**
 * Understands option data: sampling rates (RFC 3954 section 8, RFC 5477), names of interfaces and applications
 * (RFC 6759), the exporter's start, and definitions of elements (RFC 5610).
 */
export class OptionReader {
  readonly #registry: ElementRegistry;
  readonly #record = new OptionRecord();

  constructor(registry: ElementRegistry) {
    this.#registry = registry;
  }

  /**
   * Reads the record at `start`. Returns the position behind it, -1 when it does not fit before `end`.
   * `fields`: of a record with at least one byte, so that a loop over records ends.
   */
  read(
    fields: readonly FieldSpecifier[],
    bytes: Buffer,
    start: number,
    end: number,
    sampling: SamplingState,
    findings: OptionFindings,
  ): number {
    const record = Object.assign(this.#record, EMPTY);
    let at = start;
    for (const { pen, id, length } of fields) {
      let size = length;
      if (length === VARIABLE_LENGTH) {
        if (at >= end) return -1;
        size = bytes.readUInt8(at++);
        if (size === 255) {
          if (at + 2 > end) return -1;
          size = bytes.readUInt16BE(at);
          at += 2;
        }
      }
      if (at + size > end) return -1;
      if (pen === 0 && size > 0) take(record, id, bytes, at, size);
      at += size;
    }
    if (at === start) return -1; // nothing but empty fields of variable length can be
    learnSampling(record, sampling);
    this.#report(record, findings);
    return at;
  }

  #report(record: OptionRecord, findings: OptionFindings): void {
    if (record.interface >= 0 && (record.interfaceName !== '' || record.interfaceDescription !== '')) {
      findings.interfaceNamed(record.interface, record.interfaceName, record.interfaceDescription);
    }
    if (record.applicationId !== '' && (record.applicationName !== '' || record.applicationDescription !== '')) {
      const { applicationId, applicationName, applicationDescription, applicationCategory } = record;
      findings.applicationNamed(applicationId, applicationName, applicationDescription, applicationCategory);
    }
    if (record.bootedAtMs > 0) findings.bootedAt(record.bootedAtMs * 1000);
    const type = ELEMENT_TYPES[record.elementType];
    if (type !== undefined && record.elementId >= 0 && record.elementName !== '') {
      const id = record.elementId & 0x7f_ff; // the enterprise bit may be set (RFC 5610 section 3.9)
      const pen = Math.max(0, record.elementPen);
      if (this.#registry.define({ pen, id, name: record.elementName, type })) findings.elementNamed(pen, id);
    }
  }
}

// oxlint-disable-next-line complexity -- a table in the form of a switch
function take(record: OptionRecord, id: number, bytes: Buffer, at: number, size: number): void {
  switch (id) {
    case 10:
    case 14:
    case 252:
    case 253:
      record.interface = unsigned(bytes, at, size);
      break;
    case 34:
      record.samplingInterval = unsigned(bytes, at, size);
      break;
    case 48:
    case 302:
      record.samplerId = unsigned(bytes, at, size);
      break;
    case 50:
      record.samplerInterval = unsigned(bytes, at, size);
      break;
    case 82:
      record.interfaceName = text(bytes, at, size);
      break;
    case 83:
      record.interfaceDescription = text(bytes, at, size);
      break;
    case 94:
      record.applicationDescription = text(bytes, at, size);
      break;
    case 95:
      record.applicationId = applicationIdText(bytes, at, size) ?? '';
      break;
    case 96:
      record.applicationName = text(bytes, at, size);
      break;
    case 145:
      record.templateId = unsigned(bytes, at, size);
      break;
    case 160:
      record.bootedAtMs = unsigned(bytes, at, size);
      break;
    case 303:
      record.elementId = unsigned(bytes, at, size);
      break;
    case 305:
      record.packetInterval = unsigned(bytes, at, size);
      break;
    case 306:
      record.packetSpace = unsigned(bytes, at, size);
      break;
    case 307:
      record.timeInterval = unsigned(bytes, at, size);
      break;
    case 308:
      record.timeSpace = unsigned(bytes, at, size);
      break;
    case 309:
      record.size = unsigned(bytes, at, size);
      break;
    case 310:
      record.population = unsigned(bytes, at, size);
      break;
    case 311:
      record.probability = float(bytes, at, size);
      break;
    case 339:
      record.elementType = unsigned(bytes, at, size);
      break;
    case 341:
      record.elementName = text(bytes, at, size);
      break;
    case 346:
      record.elementPen = unsigned(bytes, at, size);
      break;
    case 372:
      record.applicationCategory = text(bytes, at, size);
      break;
  }
}

/**
 * To whom a rate belongs: the selector that the record names, else the template or the interface in its scope, else the
 * whole exporter. Interface 0 is no interface: softflowd, for one, means all of them.
 */
function learnSampling(record: OptionRecord, sampling: SamplingState): void {
  const rate = rateOf(record);
  if (rate <= 0) return;
  if (record.samplerId >= 0) sampling.learnSelector(record.samplerId, rate);
  else if (record.templateId >= 256) sampling.learnTemplate(record.templateId, rate);
  else if (record.interface > 0) sampling.learnInterface(record.interface, rate);
  else sampling.learnSystem(rate);
}

/** "1 in N" by whichever selection method the record describes (RFC 5477 section 8.2); 0 where it describes none. */
function rateOf(record: OptionRecord): number {
  if (record.size > 0 && record.population >= record.size) return rounded(record.population / record.size);
  if (record.packetInterval > 0 && record.packetSpace >= 0) return share(record.packetInterval, record.packetSpace);
  if (record.timeInterval > 0 && record.timeSpace >= 0) return share(record.timeInterval, record.timeSpace);
  if (record.probability > 0 && record.probability <= 1) return rounded(1 / record.probability);
  if (record.samplerInterval > 0) return rounded(record.samplerInterval);
  return record.samplingInterval > 0 ? rounded(record.samplingInterval) : 0;
}

function share(selected: number, skipped: number): number {
  return rounded((selected + skipped) / selected);
}

/** Rates are stored as `int4`. */
function rounded(rate: number): number {
  return Math.min(Math.round(rate), 2_147_483_647);
}

/** An unsigned integer of any length (reduced-size encoding, RFC 7011 section 6.2); -1 where it does not fit a number. */
function unsigned(bytes: Buffer, at: number, size: number): number {
  if (size <= 6) return bytes.readUIntBE(at, size);
  if (size > 8) return -1;
  const value = bytes.readUIntBE(at, size - 6) * 2 ** 48 + bytes.readUIntBE(at + size - 6, 6);
  return Number.isSafeInteger(value) ? value : -1;
}

function float(bytes: Buffer, at: number, size: number): number {
  if (size === 4) return bytes.readFloatBE(at);
  return size === 8 ? bytes.readDoubleBE(at) : Number.NaN;
}

/** UTF-8 up to the first NUL: exporters pad fixed-length strings with them. */
function text(bytes: Buffer, at: number, size: number): string {
  const limit = at + Math.min(size, MAX_TEXT_BYTES);
  let end = at;
  while (end < limit && bytes[end] !== 0) end += 1;
  return bytes.toString('utf8', at, end).trim();
}
