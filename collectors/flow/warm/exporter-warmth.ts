import type { RateNews, RateScope, SamplingState } from '../exporter/sampling.ts';
import type { Session, Template, TemplateNews, TemplateStore } from '../netflow/template-store.ts';
import { SAMPLING_SOURCE, type RecordContext } from '../record/record.ts';
import type { WarmEntry } from '../../warm-state.ts';
import { portWords } from './warm-key.ts';
import { encodeRate, encodeStart, encodeTemplate } from './warm-values.ts';

/** Kinds of warm entries of one exporter. */
export const TEMPLATE_KIND = 'flow.template';
export const SAMPLING_KIND = 'flow.sampling';
export const START_KIND = 'flow.start';

/** Tells an entry, if anybody listens: the value is made only then. `value` undefined: not known any more. */
export type Tell = (kind: string, key: string, value: (() => Buffer) | undefined) => void;

/** What is repeated unchanged is told again after this long, so that others see that it is still in use. */
const TELL_AGAIN_MICROS = 6 * 3600 * 1_000_000;

/**
 * What one exporter taught, as warm entries. Who told an entry last owns it: an owner that forgets it (for want of room, or
 * since the exporter fell silent) says so to the others; what was restored is forgotten in silence.
 *
 *   unknown ──learnt from the wire──▶ ours ──told by another process──▶ theirs ──on the wire again──▶ ours, told
 *                                      │ └── forgotten: told               └── forgotten: not told
 *                                      └── withdrawn by its exporter: told, whosever it is
 */
export class ExporterWarmth implements TemplateNews, RateNews {
  readonly prefix: string;
  readonly #context: RecordContext;
  readonly #tell: Tell;
  /** When rates and the start were told, by the words that end their keys; absent: theirs. */
  #toldAt: Map<string, number> | undefined;

  constructor(prefix: string, context: RecordContext, tell: Tell) {
    this.prefix = prefix;
    this.#context = context;
    this.#tell = tell;
  }

  templateLearnt(session: Session, template: Template): void {
    const now = this.#context.receivedAtMicros;
    if (template.toldAtMicros > 0 && Math.abs(now - template.toldAtMicros) < TELL_AGAIN_MICROS) return;
    template.toldAtMicros = now;
    const { options, definition } = template;
    this.#tell(TEMPLATE_KIND, this.#templateKey(session, template), () => encodeTemplate(options, definition));
  }

  templateForgotten(session: Session, template: Template, withdrawn: boolean): void {
    if (withdrawn || template.toldAtMicros > 0)
      this.#tell(TEMPLATE_KIND, this.#templateKey(session, template), undefined);
  }

  rateLearnt(scope: RateScope, id: number, rate: number, isNews: boolean): void {
    const words = `${scope} ${id}`;
    if (this.#isDue(words, isNews)) this.#tell(SAMPLING_KIND, `${this.prefix} ${words}`, () => rateValue(rate));
  }

  startLearnt(micros: number, isNews: boolean): void {
    if (this.#isDue('', isNews)) this.#tell(START_KIND, this.prefix, () => encodeStart(micros));
  }

  /** Another process forgot what we have heard ourselves: it stays, and is told at the next occasion. False: it was theirs. */
  keeps(words: string): boolean {
    return this.#toldAt?.delete(words) === true;
  }

  /** The exporter is forgotten; its templates tell by themselves. */
  forget(): void {
    for (const words of this.#toldAt?.keys() ?? []) {
      if (words === '') this.#tell(START_KIND, this.prefix, undefined);
      else this.#tell(SAMPLING_KIND, `${this.prefix} ${words}`, undefined);
    }
    this.#toldAt = undefined;
  }

  *entries(store: TemplateStore, sampling: SamplingState): Iterable<WarmEntry> {
    for (const [template, session] of store.all()) {
      const value = encodeTemplate(template.options, template.definition);
      yield { kind: TEMPLATE_KIND, key: this.#templateKey(session, template), value };
    }
    for (const { scope, id, rate } of sampling.learnt())
      yield { kind: SAMPLING_KIND, key: `${this.prefix} ${scope} ${id}`, value: rateValue(rate) };
    const { bootedAtMicros } = this.#context;
    if (!Number.isNaN(bootedAtMicros)) yield { kind: START_KIND, key: this.prefix, value: encodeStart(bootedAtMicros) };
  }

  #isDue(words: string, isNews: boolean): boolean {
    const now = this.#context.receivedAtMicros;
    const toldAt = this.#toldAt?.get(words);
    if (!isNews && toldAt !== undefined && Math.abs(now - toldAt) < TELL_AGAIN_MICROS) return false;
    this.#toldAt ??= new Map();
    this.#toldAt.set(words, now);
    return true;
  }

  #templateKey(session: Session, template: Template): string {
    return `${this.prefix} ${portWords(session.key)} ${template.id}`;
  }
}

/** Whatever is learnt was in option data; headers say it anew each time. */
function rateValue(rate: number): Buffer {
  return encodeRate(rate, SAMPLING_SOURCE.options);
}
