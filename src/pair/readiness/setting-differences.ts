/** Digests of shared settings by their paths, of `settingDigests`. */
type Digests = Readonly<Record<string, string>>;

/**
 * Which shared settings differ from the peer's, by their paths: the peer is asked when the digests of all of them are others than before.
 *
 *   equal ──other digests──▶ asked ──answer──▶ known
 *     ▲                        └──none──▶ asked again at the next look
 *     └──── equal digests, from anywhere
 */
export class SettingDifferences {
  readonly #own: () => Digests;
  readonly #askPeer: () => Promise<Digests>;
  /** The two digests that were compared last. */
  #compared = '';
  #paths: readonly string[] | undefined;

  constructor(own: () => Digests, askPeer: () => Promise<Digests>) {
    this.#own = own;
    this.#askPeer = askPeer;
  }

  /** @returns undefined: none, or not known yet */
  between(own: string, peers: string | undefined): readonly string[] | undefined {
    const wanted = peers === undefined || peers === own ? '' : `${own} ${peers}`;
    if (wanted === this.#compared) return this.#paths;
    this.#compared = wanted;
    this.#paths = undefined;
    if (wanted !== '') void this.#ask(wanted);
    return undefined;
  }

  async #ask(wanted: string): Promise<void> {
    try {
      const theirs = await this.#askPeer();
      if (this.#compared === wanted) this.#paths = differing(this.#own(), theirs);
    } catch {
      // It went away, or is of a version that does not know the question.
      if (this.#compared === wanted) this.#compared = '';
    }
  }
}

function differing(own: Digests, theirs: Digests): readonly string[] {
  const paths = new Set([...Object.keys(own), ...Object.keys(theirs)]);
  return [...paths].filter((path) => own[path] !== theirs[path]).toSorted();
}
