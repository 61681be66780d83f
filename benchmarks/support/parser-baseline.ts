import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export type ParserName = 'nsyslog-parser' | 'syslog-parse';

export type ParserQuestion =
  | {
      readonly kind: 'messages';
      readonly messages: readonly string[];
      /** Whose reading is wanted. */
      readonly parser: ParserName | undefined;
    }
  | { readonly kind: 'round'; readonly parser: ParserName; readonly seconds: number };

/** What a parser made of a message, as far as all of them know it. */
export interface ReadMessage {
  readonly priority: number | undefined;
  readonly hasTime: boolean;
  readonly host: string | undefined;
  readonly text: string | undefined;
}

export type ParserAnswer =
  | { readonly kind: 'read'; readonly read: readonly (ReadMessage | null)[] }
  | { readonly kind: 'round'; readonly messages: number; readonly cpuSeconds: number };

/** Other parsers of syslog in a process of their own, so that their heap and their compiled code are not ours. */
export class ParserBaseline {
  readonly #child: ChildProcess = fork(new URL('../baseline-syslog-parsers.ts', import.meta.url));

  /** Hands over the messages of the next rounds. @returns what `parser` read in them; null where it read nothing */
  async load(messages: readonly Buffer[], parser?: ParserName): Promise<readonly (ReadMessage | null)[]> {
    const encoded = messages.map((bytes) => bytes.toString('base64'));
    const answer = await this.#ask({ kind: 'messages', messages: encoded, parser });
    if (answer.kind !== 'read') throw new Error('the baseline answered something else');
    return answer.read;
  }

  /** @returns messages a second of processor time */
  async round(parser: ParserName, seconds: number): Promise<number> {
    const answer = await this.#ask({ kind: 'round', parser, seconds });
    if (answer.kind !== 'round') throw new Error('the baseline answered something else');
    return answer.messages / answer.cpuSeconds;
  }

  close(): void {
    this.#child.disconnect();
  }

  async #ask(question: ParserQuestion): Promise<ParserAnswer> {
    this.#child.send(question);
    const [answer]: ParserAnswer[] = await once(this.#child, 'message');
    if (answer === undefined) throw new Error('the baseline gave no answer');
    return answer;
  }
}
