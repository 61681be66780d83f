/** What the command's exit code means; the same for every command, and part of its interface. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** It failed; a check that fails; a run that could not start. */
  failure: 1,
  /** Wrong arguments or a wrong configuration: trying again changes nothing. */
  usage: 2,
  /** The collector (or its database) does not answer. */
  notRunning: 3,
  /** Ended at once by a second signal: 128 + SIGINT, as shells count. */
  interrupted: 130,
} as const;

/** The table for `--help`. */
export const EXIT_CODES_HELP = `Exit codes:
  0    done
  1    failed (check: something fails; run: could not start, or stop in time)
  2    wrong arguments or configuration
  3    the collector or its database does not answer
  130  ended at once by a second Ctrl-C`;
