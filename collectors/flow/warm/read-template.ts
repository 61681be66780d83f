import type { SetDialect, TemplateDefinition } from '../netflow/sets.ts';

/** The one template record that `wire` is, by the reader of the wire; undefined where it is none, or more than one. */
export function readOneTemplate(dialect: SetDialect, options: boolean, wire: Buffer): TemplateDefinition | undefined {
  const found: TemplateDefinition[] = [];
  let isWhole = true;
  const spoilt = (): void => {
    isWhole = false;
  };
  const read = options ? dialect.readOptionsTemplates : dialect.readTemplates;
  read(wire, 0, wire.length, {
    template: (definition, _bytes, start, end) => {
      found.push(definition);
      if (start !== 0 || end !== wire.length) spoilt();
    },
    refuse: spoilt,
    withdraw: spoilt,
    withdrawAll: spoilt,
    data: spoilt,
    trouble: spoilt,
  });
  return isWhole && found.length === 1 ? found[0] : undefined;
}
