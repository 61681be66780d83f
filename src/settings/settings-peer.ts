/** Shared settings, as one node gives them to the other. */
export interface SettingsNews {
  /** YAML, of `sharedText`. */
  readonly text: string;
  /** Of the settings as they are on the giving node, its environment included. */
  readonly digest: string;
  /** Who changed them there. */
  readonly account: string;
  /** Looked at only. */
  readonly isTrial: boolean;
}

export interface SettingsVerdict {
  /** Why they are no good there; empty when they are. */
  readonly findings: readonly string[];
}

/** The other node of the pair, as far as settings go. */
export interface SettingsPeer {
  readonly name: string;
  /** Whether this node has the role, so that the other takes settings from here. */
  readonly isLed: boolean;
  /** Whether there is a connection. */
  readonly isThere: boolean;
  /** Of its settings, as it said last; undefined: it has said nothing. */
  readonly digest: string | undefined;
  /** @throws DogwatchError `PEER_UNREACHABLE` */
  give(news: SettingsNews): Promise<SettingsVerdict>;
}
