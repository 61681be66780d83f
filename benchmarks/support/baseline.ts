import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export type BaselineQuestion =
  | { readonly kind: 'datagrams'; readonly datagrams: readonly { readonly base64: string; readonly port: number }[] }
  | { readonly kind: 'round'; readonly seconds: number };

export interface BaselineAnswer {
  readonly records: number;
  /** Only for the first pass. */
  readonly octets: number;
  readonly seconds: number;
}

/** node-netflowv9 in its own process: for its licence, and so that its heap is not ours. */
export class Baseline {
  readonly #child: ChildProcess = fork(new URL('../baseline-node-netflowv9.ts', import.meta.url));

  /** Hands over the datagrams. @returns what it read in them */
  load(datagrams: readonly { bytes: Buffer; sourcePort: number }[]): Promise<BaselineAnswer> {
    const encoded = datagrams.map(({ bytes, sourcePort }) => ({ base64: bytes.toString('base64'), port: sourcePort }));
    return this.#ask({ kind: 'datagrams', datagrams: encoded });
  }

  round(seconds: number): Promise<BaselineAnswer> {
    return this.#ask({ kind: 'round', seconds });
  }

  close(): void {
    this.#child.disconnect();
  }

  async #ask(question: BaselineQuestion): Promise<BaselineAnswer> {
    this.#child.send(question);
    const [answer]: BaselineAnswer[] = await once(this.#child, 'message');
    if (answer === undefined) throw new Error('the baseline gave no answer');
    return answer;
  }
}
