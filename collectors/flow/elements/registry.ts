import assert from 'node:assert/strict';

import enterprise from './enterprise.json' with { type: 'json' };
import iana from './iana.json' with { type: 'json' };
import { ELEMENT_TYPES, type ElementType } from './element-type.ts';
import netflow9 from './netflow9.json' with { type: 'json' };

/**
 * An information element. `pen` is 0 for IANA's elements (ids 1 to 32767) and for the NetFlow v9 field types that
 * vendors chose above them (32768 to 65535).
 */
export interface Element {
  readonly pen: number;
  readonly id: number;
  readonly name: string;
  readonly type: ElementType;
}

/** The private enterprise number whose elements are IANA's, counted in the reverse direction (RFC 5103 section 6.1). */
export const REVERSE_PEN = 29_305;

/** The most elements that are learnt from exporters; one more is refused. */
export const MAX_LEARNT_ELEMENTS = 10_000;

const TYPE_NAMES: ReadonlySet<string> = new Set(ELEMENT_TYPES);
const MAX_NAME_LENGTH = 128;
// oxlint-disable-next-line no-control-regex -- exactly these are refused
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f]/u;

/** As the data files have them, by id: name, type, and (for the reader) the semantics. */
type Definitions = Readonly<Record<string, readonly string[]>>;

/** What is known of information elements: the registries that ship with the program, the user's, and exporters' own. */
export class ElementRegistry {
  readonly #elements = new Map<number, Element>();
  readonly #byName = new Map<string, Element>();
  #learnt = 0;

  /** `userElements` go before everything else, also before the registries that ship with the program. */
  constructor(userElements: readonly Element[] = []) {
    for (const element of userElements) this.#add(element);
    this.#addAll(0, iana);
    this.#addAll(0, netflow9);
    for (const [pen, { elements }] of Object.entries(enterprise)) {
      this.#addAll(Number(pen), elements);
    }
  }

  find(pen: number, id: number): Element | undefined {
    const element = this.#elements.get(keyOf(pen, id));
    return element === undefined && pen === REVERSE_PEN ? this.#reverse(id) : element;
  }

  /** The element's name, or "pen.id" ("0.id" among IANA's) where it has none. */
  nameOf(pen: number, id: number): string {
    return this.find(pen, id)?.name ?? `${pen}.${id}`;
  }

  /** The element of that name. Of several, the user's goes first, then IANA's, then that of the lowest enterprise number. */
  byName(name: string): Element | undefined {
    return this.#byName.get(name);
  }

  /**
   * Takes in what an exporter says of an element of its own (RFC 5610). Refused, with `false`: what is known already,
   * names that cannot be shown, IANA's ids, and more than `MAX_LEARNT_ELEMENTS`.
   */
  define(element: Element): boolean {
    const { pen, id, name, type } = element;
    if (this.#learnt >= MAX_LEARNT_ELEMENTS || !isEnterpriseId(pen, id)) return false;
    if (name === '' || name.length > MAX_NAME_LENGTH || UNPRINTABLE.test(name)) return false;
    if (!isElementType(type) || this.find(pen, id) !== undefined) return false;
    this.#add({ pen, id, name, type });
    this.#learnt += 1;
    return true;
  }

  #addAll(pen: number, definitions: Definitions): void {
    for (const [id, [name = '', type = '']] of Object.entries(definitions)) {
      assert(isElementType(type), `element ${pen}.${id} has a type`);
      this.#add({ pen, id: Number(id), name, type });
    }
  }

  #add(element: Element): void {
    const key = keyOf(element.pen, element.id);
    if (this.#elements.has(key)) return;
    this.#elements.set(key, element);
    if (!this.#byName.has(element.name)) this.#byName.set(element.name, element);
  }

  /** RFC 5103 section 6.1: named "reverse" and the capitalised name of IANA's element; kept, so bounded by IANA's. */
  #reverse(id: number): Element | undefined {
    const forward = this.#elements.get(keyOf(0, id));
    if (forward === undefined) return undefined;
    const name = `reverse${forward.name.charAt(0).toUpperCase()}${forward.name.slice(1)}`;
    const element: Element = { pen: REVERSE_PEN, id, name, type: forward.type };
    this.#add(element);
    return element;
  }
}

/** One number for both: an id has 16 bits and an enterprise number 32, together less than 2^53. */
function keyOf(pen: number, id: number): number {
  return pen * 65_536 + id;
}

function isElementType(type: string): type is ElementType {
  return TYPE_NAMES.has(type);
}

function isEnterpriseId(pen: number, id: number): boolean {
  return Number.isInteger(pen) && pen > 0 && pen <= 0xff_ff_ff_ff && Number.isInteger(id) && id >= 0 && id <= 32_767;
}
