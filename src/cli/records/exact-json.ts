declare global {
  interface JSON {
    /** ECMAScript's JSON.parse source text access: what `stringify` writes as it stands. */
    rawJSON(text: string): { readonly rawJSON: string };
  }
}

/** `JSON.parse`, but numbers that JavaScript cannot hold keep all their digits through `JSON.stringify`: Counter64, float. */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, { source }: { source?: string } = {}) =>
    typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value) ? JSON.rawJSON(source) : value,
  );
}

/** A value of `parseExactly`, for people. */
export function digitsOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'rawJSON' in value ? String(value.rawJSON) : String(value);
}
