import type { RuleSettings } from '../../../collectors/syslog/filter/rule-settings.ts';
import type { Breach } from './breach.ts';

/** What is wrong within and between the rules for syslog messages. */
export function* syslogRuleBreaches(rules: readonly RuleSettings[]): Generator<Breach> {
  for (const [index, rule] of rules.entries()) {
    const at = ['syslog', 'rules', index];
    const breach = (setting: string, message: string): Breach => ({
      at: [...at, setting],
      with: [[...at, 'action']],
      message,
    });
    const namesake = rules.findIndex(({ name }) => name === rule.name);
    if (namesake < index) yield breach('name', `the name is taken by syslog.rules[${namesake}]`);
    if (rule.action === 'limit' && rule.rate === undefined) {
      yield breach('rate', 'missing; action limit needs a rate such as 100/s');
    }
    if (rule.action === 'tag' && rule.tags === undefined) yield breach('tags', 'missing; action tag needs tags');
    if (rule.action === 'drop' && rule.tags !== undefined) {
      yield breach('tags', 'expected action tag, keep or limit beside it, found drop: nobody would see them');
    }
    for (const setting of ['rate', 'by'] as const) {
      if (rule.action === 'limit' || rule[setting] === undefined) continue;
      yield breach(setting, `expected action limit beside it, found ${rule.action}`);
    }
  }
}
