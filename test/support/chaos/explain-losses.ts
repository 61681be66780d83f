import type { SocketWatch } from './socket-watch.ts';
import type { Missing } from './stored-numbers.ts';

/** libuv reads at most so many datagrams of a socket before anything else gets its turn (uv__udp_recvmsg). */
export const READ_AT_ONCE = 32;
/** A turn lasts no longer: the keeper kills who shows no sign of life for two seconds. */
const LONGEST_TURN_MS = 2500;

/** Why something may be missing, when it was sent then, and how many datagrams at most. */
interface Reason {
  readonly how: 'nobody' | 'held' | 'dropped' | 'in hands';
  readonly fromMs: number;
  readonly untilMs: number;
  left: number;
}

/** Missing datagrams, by the reason that is shown for them. */
export interface Explained {
  /** No socket was there. */
  nobody: number;
  /** In the kernel's buffer when the last owner of a socket went. */
  held: number;
  /** The buffer was full. */
  dropped: number;
  /** A worker was killed in the turn in which it had read them. */
  inHands: number;
  unexplained: number;
}

/**
 * Finds for each missing datagram a reason that was seen, each reason good for so many only: what the kernel says of the port, and
 * the ends of workers.
 * @param deaths of workers, milliseconds since 1970
 */
export function explainLosses(missing: readonly Missing[], watch: SocketWatch, deaths: readonly number[]): Explained {
  const kernel = watch.losses.map((loss): Reason => ({ ...loss, left: loss.atMost }));
  const hands = deaths.map((atMs) => inHands(atMs, watch));
  // What is without bound first: it takes nothing from another.
  const reasons = [...kernel.filter(({ left }) => left === Infinity), ...kernel.filter(({ left }) => left < Infinity)];
  const explained: Explained = { nobody: 0, held: 0, dropped: 0, inHands: 0, unexplained: 0 };
  for (const datagram of missing.toSorted((one, other) => one.fromMs - other.fromMs)) {
    const reason = [...reasons, ...hands].find((each) => each.left > 0 && mayBe(datagram, each));
    if (reason === undefined) explained.unexplained += 1;
    else {
      reason.left -= 1;
      explained[reason.how === 'in hands' ? 'inHands' : reason.how] += 1;
    }
  }
  return explained;
}

/** What it had read had been sent before; long before, where its socket had not been empty for long. */
function inHands(atMs: number, { waits }: SocketWatch): Reason {
  const begin = atMs - LONGEST_TURN_MS;
  const waiting = waits.filter(({ fromMs, untilMs }) => fromMs < atMs && untilMs > begin);
  const fromMs = Math.min(begin, ...waiting.map((wait) => wait.fromMs));
  return { how: 'in hands', fromMs, untilMs: atMs, left: READ_AT_ONCE };
}

function mayBe({ fromMs, untilMs }: Missing, reason: Reason): boolean {
  return untilMs >= reason.fromMs && fromMs <= reason.untilMs;
}
