/**
 * Adds `drops` to the `kernelDrops` of `accounts`, in proportion to their weights; what rounding leaves goes to the heaviest.
 * @param counted is told of each that got some, or may have
 * @returns how many nobody could be given, since no account has any weight
 */
export function spreadDrops<Account extends { kernelDrops: number }>(
  drops: number,
  accounts: Iterable<Account>,
  weightOf: (account: Account) => number,
  counted: (account: Account) => void,
): number {
  const weighted = Array.from(accounts, (account) => ({ account, weight: weightOf(account) })).filter(
    ({ weight }) => weight > 0,
  );
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  let rest = drops;
  let heaviest = weighted[0];
  for (const each of weighted) {
    const share = Math.floor((drops * each.weight) / total);
    each.account.kernelDrops += share;
    counted(each.account);
    rest -= share;
    if (heaviest !== undefined && each.weight > heaviest.weight) heaviest = each;
  }
  if (heaviest === undefined) return drops;
  heaviest.account.kernelDrops += rest;
  return 0;
}
